//! Files made from the yaml, from the code and from figures: see [`manifest::generated`], `docs/api/<service>.json`, [`openapi`], [`asyncapi`], [`figures`] and [`cost`].

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use engines::progress::Progress;
use manifest::{Manifest, generated};

use crate::{asyncapi, cargo::cargo, cost, figures, openapi};

/// Tells the contract tests of a service to write what they would otherwise compare.
pub(crate) const GENERATE: &str = "CINEMA_GENERATE";

/// Writes or only checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Writes what is out of date.
    Write,
    /// Fails when something is out of date.
    Check,
}

/// Generates everything.
pub async fn generate(root: &Path, mode: Mode, progress: &Progress) -> Result<()> {
    files(root, mode)?;
    contracts(root, &Manifest::load(root)?, mode, progress).await
}

/// What the yaml says: the plan, the route table, the programs; and the tables of what was measured and of what it costs.
fn files(root: &Path, mode: Mode) -> Result<()> {
    if mode == Mode::Check {
        generated::check(root)?;
        figures::check(root)?;
        return cost::check(root);
    }
    for file in generated::write(root)? {
        crate::output::line(file.display())?;
    }
    for file in figures::write(root)?.into_iter().chain(cost::write(root)?) {
        crate::output::line(file)?;
    }
    Ok(())
}

/// One cargo call for the whole workspace, as everywhere: fewer packages would compile shared crates with different features.
async fn contracts(root: &Path, manifest: &Manifest, mode: Mode, progress: &Progress) -> Result<()> {
    let services = with_contracts(root, manifest);
    if services.is_empty() {
        return Ok(());
    }
    let task = progress.task("contracts");
    let mut command = cargo(root);
    command.args(["test", "--quiet", "--release", "--workspace", "--test", "it"]);
    command.args(["--", "openapi"]).kill_on_drop(true);
    match mode {
        Mode::Write => command.env(GENERATE, "1"),
        Mode::Check => command.env_remove(GENERATE),
    };
    let output = command.output().await.context("starting cargo")?;
    if !output.status.success() {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("the contracts of {} are out of date or do not build:\n{err}\n{out}", services.join(", "));
    }
    // A service whose test was lost would pass with nothing compared.
    let has_none = |service: &&&str| !root.join(format!("docs/api/{service}.json")).is_file();
    let missing: Vec<&&str> = services.iter().filter(has_none).collect();
    ensure!(missing.is_empty(), "no docs/api/<service>.json for {missing:?}");
    put(root, openapi::FILE, openapi::merged(root, &services)?, mode)?;
    put(root, asyncapi::FILE, asyncapi::document(manifest)?, mode)?;
    task.done(format!("{} services", services.len()));
    Ok(())
}

fn put(root: &Path, file: &str, text: String, mode: Mode) -> Result<()> {
    if std::fs::read_to_string(root.join(file)).ok().as_deref() == Some(text.as_str()) {
        return Ok(());
    }
    ensure!(mode == Mode::Write, "{file} is out of date: run `cargo cinema generate`");
    std::fs::write(root.join(file), text).with_context(|| format!("{file} cannot be written"))
}

/// Services that have routes and a test that compares their document.
pub(crate) fn with_contracts<'a>(root: &Path, manifest: &'a Manifest) -> Vec<&'a str> {
    let has_contract = |service: &&str| {
        let has_routes = manifest.service(service).any(|function| function.is_http());
        has_routes && root.join("functions").join(service).join("tests/it/main.rs").is_file()
    };
    manifest.services().into_iter().filter(has_contract).collect()
}
