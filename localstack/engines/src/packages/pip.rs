//! PyPI packages by pip: exactly the pinned files, each checked against its hash, no dependency resolved here.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::python::{OLDEST, Python};
use crate::progress::Task;

/// Where packages go.
pub(super) enum Target<'a> {
    /// A plain folder, to be put on `PYTHONPATH` or to take programs from.
    Folder(&'a Path),
    /// A plain folder for a package of which only its programs are used: made for any Python, not for this one.
    Programs(&'a Path),
    /// A virtual environment; `source` builds the few packages that have no wheel with its own setuptools.
    Environment { folder: &'a Path, source: bool },
}

/// Installs a requirements file.
pub(super) async fn install(python: &Python, requirements: &str, target: Target<'_>, task: &Task) -> Result<()> {
    let list = tempfile_beside(match &target {
        Target::Folder(folder) | Target::Programs(folder) | Target::Environment { folder, .. } => folder,
    })?;
    fs::write(&list, requirements)?;
    let mut command = python.command(["-m", "pip"]);
    if let Target::Environment { folder, .. } = &target {
        command.arg("--python").arg(folder.join("bin/python"));
    }
    command.args(["install", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]);
    command.args(["--no-compile", "--progress-bar", "off", "--retries", "5"]);
    command.args(match &target {
        Target::Environment { source: true, .. } => ["--no-build-isolation", "--no-warn-script-location"],
        _ => ["--only-binary=:all:", "--no-warn-script-location"],
    });
    if let Target::Folder(folder) | Target::Programs(folder) = &target {
        command.arg("--target").arg(folder);
    }
    if let Target::Programs(_) = &target {
        command.args(["--python-version", OLDEST]);
    }
    command.arg("--requirement").arg(&list);
    task.steps(requirements.lines().filter(|line| line.contains("==")).count() as u64);
    let outcome = watch(command, |line| {
        if let Some(package) = line.strip_prefix("Collecting ") {
            task.step();
            task.note(package.split_whitespace().next().unwrap_or_default());
        } else if line.starts_with("Installing") {
            task.note("unpacking");
        }
    })
    .await;
    fs::remove_file(&list)?;
    outcome.context("pip install")
}

fn tempfile_beside(folder: &Path) -> Result<std::path::PathBuf> {
    let parent = folder.parent().context("a folder in the cache")?;
    let name = folder.file_name().context("a folder in the cache")?.to_string_lossy();
    Ok(parent.join(format!(".{name}.requirements.txt")))
}

/// Runs a command, hands its output on line by line, and turns a failure into an error that holds the last lines.
pub(super) async fn watch(mut command: Command, mut line: impl FnMut(&str)) -> Result<()> {
    const LAST_LINES: usize = 12;
    let program = command.as_std().get_program().to_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} could not be started", program.display()))?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("{} has no output", program.display());
    };
    let mut last = Vec::new();
    let mut stdout = BufReader::new(stdout).lines();
    let mut stderr = BufReader::new(stderr).lines();
    let (mut stdout_open, mut stderr_open) = (true, true);
    while stdout_open || stderr_open {
        let next = tokio::select! {
            text = stdout.next_line(), if stdout_open => text.map(|text| text.or_else(|| { stdout_open = false; None })),
            text = stderr.next_line(), if stderr_open => text.map(|text| text.or_else(|| { stderr_open = false; None })),
        }?;
        if let Some(text) = next {
            line(&text);
            last.push(text);
            if last.len() > LAST_LINES {
                last.remove(0);
            }
        }
    }
    let status = child.wait().await?;
    if !status.success() {
        bail!("{} ended with {status}:\n{}", program.display(), last.join("\n"));
    }
    Ok(())
}
