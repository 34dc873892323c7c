//! npm packages by `npm ci`: exactly the lock file, each package checked against its integrity.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tokio::process::Command;

use super::pip::watch;
use super::tools::Tools;

/// Installs a locked set of packages into `folder/node_modules`.
pub(super) async fn install(tools: &Tools, lock: &[(&str, &str)], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in lock {
        fs::write(folder.join(name), text)?;
    }
    let mut argv = tools.npm().into_iter();
    let mut command = Command::new(argv.next().context("npm")?);
    command.args(argv).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    command.current_dir(folder);
    watch(command, |_| {}).await.context("npm ci")
}
