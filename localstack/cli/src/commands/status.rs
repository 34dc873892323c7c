//! `cargo cinema status` and `doctor`

use std::process::ExitCode;

use anyhow::Result;
use engines::{Endpoints, EngineStatus, Engines, Home, Severity};
use serde::Serialize;

use crate::{
    accounts::{ACCOUNTS, DemoAccount},
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
        println!("{}", serde_json::to_string_pretty(&document(home, &url)?)?);
    } else {
        for engine in &engines {
            println!("{}", line(engine));
        }
        let mib: u64 = engines.iter().map(|engine| engine.rss_mib).sum();
        println!("  {:<12} {mib} MiB in all", "memory");
        match document(home, &url) {
            Ok(document) if edge.is_some() => print(home, &document),
            _ => println!("\nThe edge does not run: `cargo cinema up`"),
        }
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(engine: &EngineStatus) -> String {
    let mark = if engine.healthy { '✓' } else { '✗' };
    let port = engine.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
    format!("  {mark} {:<12} {:<22} port {port:<6} {} MiB", engine.name, engine.version, engine.rss_mib)
}

pub(super) fn print(home: &Home, document: &Document) {
    println!("\n  watch     {}", document.edge);
    println!("  API       {}/v1/titles", document.edge);
    println!("  mail      {}/mail", document.edge);
    println!("  issuer    {}  (vera@people.example, password cinema)", document.endpoints.issuer);
    println!("  logs      {}", home.run().display());
    for account in &document.accounts {
        println!("  {:<9} {}  {}", account.role, account.email, account.password);
    }
}

pub(super) fn doctor(home: &Home) -> ExitCode {
    let findings = engines::doctor(home);
    for finding in &findings {
        let mark = match finding.severity {
            Severity::Fine => '✓',
            Severity::Warning => '!',
            Severity::Missing => '✗',
        };
        println!("  {mark} {:<22} {}", finding.subject, finding.found);
        if let Some(command) = &finding.command {
            println!("    {command}");
        }
    }
    let missing = findings.iter().any(|finding| finding.severity == Severity::Missing);
    if missing { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
