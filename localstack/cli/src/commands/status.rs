//! `cargo cinema status` and `doctor`

use std::process::ExitCode;

use anyhow::Result;
use engines::{Endpoints, EngineStatus, Engines, Home, Severity};
use serde::Serialize;

use crate::{
    accounts::{ACCOUNTS, DemoAccount},
    output,
    platform::{self, Platform},
};

/// For scripts.
#[derive(Debug, Serialize)]
pub struct Document {
    /// The origin for browsers.
    pub edge: String,
    /// Where the engines answer.
    pub endpoints: Endpoints,
    /// Demo accounts.
    pub accounts: Vec<DemoAccount>,
}

pub(super) fn document(home: &Home, edge: &str) -> Result<Document> {
    Ok(Document { edge: edge.to_owned(), endpoints: platform::endpoints(home)?, accounts: ACCOUNTS.to_vec() })
}

pub(super) async fn run(home: &Home, json: bool) -> Result<ExitCode> {
    let edge = Platform::edge_url(home)?;
    let engines = Engines::status(home).await;
    let healthy = edge.is_some() && engines.iter().all(|engine| engine.healthy);
    let url = edge.clone().unwrap_or_default();
    if json {
        output::line(serde_json::to_string_pretty(&document(home, &url)?)?)?;
    } else {
        for engine in &engines {
            output::line(line(engine))?;
        }
        let mib: u64 = engines.iter().map(|engine| engine.rss_mib).sum();
        output::line(format_args!("  {:<12} {mib} MiB in all", "memory"))?;
        match document(home, &url) {
            Ok(document) if edge.is_some() => print(home, &document)?,
            _ => output::line("\nThe edge does not run: `cargo cinema up`")?,
        }
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(engine: &EngineStatus) -> String {
    let mark = if engine.healthy { '✓' } else { '✗' };
    let port = engine.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
    format!("  {mark} {:<12} {:<22} port {port:<6} {} MiB", engine.name, engine.version, engine.rss_mib)
}

pub(super) fn print(home: &Home, document: &Document) -> Result<()> {
    let Document { edge, endpoints, accounts } = document;
    output::line(format_args!("\n  watch     {edge}"))?;
    output::line(format_args!("  API       {edge}/v1/titles"))?;
    output::line(format_args!("  mail      {edge}/mail"))?;
    output::line(format_args!("  issuer    {}  (vera@people.example, password cinema)", endpoints.issuer))?;
    output::line(format_args!("  sandbox   {}  (payments without money)", endpoints.sandbox))?;
    output::line(format_args!("  logs      {}", home.run().display()))?;
    for account in accounts {
        output::line(format_args!("  {:<9} {}  {}", account.role, account.email, account.password))?;
    }
    Ok(())
}

pub(super) async fn doctor(home: &Home) -> Result<ExitCode> {
    let mut findings = engines::doctor(home).await;
    findings.push(platform::edge_finding(home)?);
    for finding in &findings {
        let mark = match finding.severity {
            Severity::Fine => '✓',
            Severity::Warning => '!',
            Severity::Missing => '✗',
        };
        output::line(format_args!("  {mark} {:<22} {}", finding.subject, finding.found))?;
        if let Some(command) = &finding.command {
            output::line(format_args!("    {command}"))?;
        }
    }
    let missing = findings.iter().any(|finding| finding.severity == Severity::Missing);
    Ok(if missing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
