//! Files of names and values that only their owner reads.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};

/// Reads a file of names and values; one that does not exist is empty.
pub(crate) fn read(file: &Path) -> Result<BTreeMap<String, String>> {
    let failed = || format!("reading {}", file.display());
    match fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).with_context(failed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error).with_context(failed),
    }
}

/// Replaces a file of names and values; only its owner reads it.
pub(crate) fn write(file: &Path, values: &BTreeMap<String, String>) -> Result<()> {
    let failed = || format!("writing {}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let text = serde_json::to_vec_pretty(values)?;
    let unfinished = file.with_extension("new");
    let mut open = fs::OpenOptions::new();
    let mut output = open.write(true).create(true).truncate(true).mode(0o600).open(&unfinished).with_context(failed)?;
    output.write_all(&text).with_context(failed)?;
    fs::rename(&unfinished, file).with_context(failed)
}

/// 32 random bytes.
pub(crate) fn random_base64() -> Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
    Ok(STANDARD.encode(bytes))
}
