//! Maven artifacts: `programs/jars.py` fetches the pinned set with the packaged Maven client.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::component::{JARS_LOCK, JARS_SCRIPT};
use super::pip::watch;
use super::python::Python;
use super::tools::Tools;
use crate::progress::Task;

/// Fetches the artifacts of a set into `folder`; those that are there already are only checked.
pub(super) async fn fetch(python: &Python, tools: &Tools, set: &str, folder: &Path, task: &Task) -> Result<()> {
    fs::create_dir_all(folder)?;
    let script = folder.join(".jars.py");
    let lock = folder.join(".jars.lock");
    fs::write(&script, JARS_SCRIPT)?;
    fs::write(&lock, JARS_LOCK)?;
    let mut command = python.command([script.as_os_str(), "fetch".as_ref(), lock.as_os_str(), set.as_ref()]);
    command.arg(folder).env("PYTHONPATH", tools.packages()).env("PYTHONDONTWRITEBYTECODE", "1");
    watch(command, |line| {
        if let Some((done, total)) = line.split_once('/').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?))) {
            task.steps(total);
            task.at(done);
        }
    })
    .await
    .with_context(|| format!("fetching {set} from Maven Central"))
}

/// The jars in a folder, in a fixed order.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "jar"))
        .collect();
    found.sort();
    Ok(found)
}

/// A class path of all jars in a folder, ending with a colon.
pub(super) fn class_path(folder: &Path) -> Result<OsString> {
    let mut class_path = OsString::new();
    for jar in list(folder)? {
        class_path.push(jar);
        class_path.push(":");
    }
    Ok(class_path)
}
