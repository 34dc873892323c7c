//! Cargo as this program calls it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use engines::progress::Progress;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// What `cargo run` tells the program that it starts; everything else named `CARGO_…` is the user's.
const OF_THE_CALLER: [&str; 5] =
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_CRATE_NAME", "CARGO_BIN_NAME", "CARGO_PRIMARY_PACKAGE"];

/// Packages that no function is part of: their features must not reach what is shipped.
const TOOLS: [&str; 6] =
    ["cinema-cli", "cinema-deploy", "cinema-edge", "cinema-engines", "cinema-launcher", "cinema-laws"];

/// Leaves the [`TOOLS`] out of a build of the whole workspace.
pub fn without_tools<'a>() -> impl Iterator<Item = &'a str> {
    TOOLS.iter().flat_map(|name| ["--exclude", name])
}

/// Cargo in the repository. Without the caller's variables: ring's build script watches them, and a changed one compiles
/// everything that stands on it again.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OF_THE_CALLER.iter().any(|start| name.starts_with(start))) {
            command.env_remove(name);
        }
    }
    command
}

/// Where cargo puts what it builds.
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into)
}

/// Builds every function with the profile that tests use too.
pub async fn build(root: &Path, progress: &Progress) -> Result<()> {
    progress.say("Build");
    let task = progress.task("cargo build");
    let mut child = cargo(root)
        .args(["build", "--release", "--workspace", "--bins", "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cargo cannot be started")?;
    let errors = child.stderr.take().context("cargo's messages")?;
    let errors = tokio::spawn(async move {
        let mut lines = BufReader::new(errors).lines();
        let mut kept = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            kept.push(line);
        }
        kept.join("\n")
    });
    let mut lines = BufReader::new(child.stdout.take().context("cargo's messages")?).lines();
    let mut built = 0;
    let mut said = Instant::now();
    while let Some(line) = lines.next_line().await? {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        if message["reason"] == "compiler-artifact" {
            built += 1;
            let name = message["target"]["name"].as_str().unwrap_or_default();
            task.note(format!("{built} · {name}"));
            if said.elapsed() > Duration::from_secs(30) {
                said = Instant::now();
                task.heartbeat(&format!("{built} crates and programs so far, now {name}"));
            }
        }
    }
    if !child.wait().await?.success() {
        bail!("the build failed:\n{}", errors.await.unwrap_or_default());
    }
    task.done(format!("{built} crates and programs"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_the_local_platform_is_a_tool() {
        let root = crate::repository::root().unwrap();
        let names = std::fs::read_dir(root.join("localstack")).unwrap().map(|entry| entry.unwrap());
        let crates = names.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap());
        let mut expected: Vec<String> =
            crates.chain(["laws".to_owned()]).map(|name| format!("cinema-{name}")).collect();
        expected.sort();
        assert_eq!(expected, TOOLS);
    }
}
