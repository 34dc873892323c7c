//! Builds the web app into `web/dist` with the packaged Node.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use engines::{Home, progress::Progress};
use sha2::{Digest, Sha256};

use crate::openapi;

/// Installs the app's packages as locked and builds it, unless nothing changed.
pub async fn build(root: &Path, home: &Home, progress: &Progress) -> Result<()> {
    let folder = root.join("web");
    let digest = digest(&folder, &root.join(openapi::FILE))?;
    let stamp = folder.join("dist/.digest");
    if std::fs::read_to_string(&stamp).is_ok_and(|built| built == digest) {
        return Ok(());
    }
    let task = progress.task("web app");
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    for arguments in [&install[..], &["run", "--silent", "build"][..]] {
        let command = home.npm();
        let (program, beginning) = command.split_first().context("no npm")?;
        let mut path = home.node().parent().map(|folder| folder.as_os_str().to_owned()).unwrap_or_default();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let output = tokio::process::Command::new(program)
            .args(beginning)
            .args(arguments)
            .env("PATH", path)
            .current_dir(&folder)
            .output()
            .await
            .context("npm cannot be started")?;
        ensure!(
            output.status.success(),
            "npm {} failed:\n{}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    std::fs::write(stamp, digest)?;
    task.done("web/dist");
    Ok(())
}

/// Of everything the build reads: a folder, and the document of the API.
fn digest(folder: &Path, document: &Path) -> Result<String> {
    let mut files = vec![document.to_owned()];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if name != "node_modules" && name != "dist" {
                    folders.push(entry.path());
                }
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        digest.update(file.strip_prefix(folder).unwrap_or(&file).as_os_str().as_encoded_bytes());
        digest.update(std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?);
    }
    Ok(hex::encode(digest.finalize()))
}
