//! Where the repository lies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository this program was built from, else the current folder.
pub fn root() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the repository")?;
    if folder.join("functions/resources.yaml").is_file() {
        return Ok(folder.to_owned());
    }
    std::env::current_dir().context("the current folder")
}
