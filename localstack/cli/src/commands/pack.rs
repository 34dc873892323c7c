//! `cargo cinema pack`

use std::path::Path;

use anyhow::{Context, Result, ensure};
use engines::progress::Progress;
use manifest::Plan;

use crate::{
    cargo::{cargo, target, without_tools},
    output, shipped,
};

/// Builds with the profile that is shipped, for this machine's architecture, and zips.
pub(super) async fn run(root: &Path, progress: &Progress) -> Result<()> {
    let task = progress.task("cargo build");
    let status = cargo(root)
        .args(["build", "--profile", "lambda", "--workspace", "--bins"])
        .args(without_tools())
        .status()
        .await
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the build failed");
    task.done("");
    let plan = Plan::current(root)?;
    for shipped in shipped::pack(&plan, &target(root).join("lambda"), &root.join("target/zips"), progress)? {
        let (binary, zip) = (shipped.binary_bytes, shipped.zip_bytes);
        output::line(format_args!("{:<32} {binary:>9} {zip:>9}  {}", shipped.name, shipped.sha256))?;
    }
    Ok(())
}
