//! Files and folders that only their owner reads.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;

/// Creates a folder, or takes others' rights to it away.
pub fn folder(path: &Path) -> Result<()> {
    let failed = || format!("{} cannot be created for its owner alone", path.display());
    DirBuilder::new().recursive(true).mode(FOLDER).create(path).with_context(failed)?;
    fs::set_permissions(path, Permissions::from_mode(FOLDER)).with_context(failed)
}

/// Replaces a file as a whole.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(FILE).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Reads a file of JSON; `None` when there is none.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Replaces a file of JSON as a whole. A folder that is missing is made for its owner alone; the rights of one that is there stay.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(FOLDER).create(parent).with_context(failed)?;
    }
    write(path, &serde_json::to_vec_pretty(value)?).with_context(failed)
}

/// 256 random bits, in Base64.
pub fn key() -> io::Result<String> {
    Ok(STANDARD.encode(random::<32>()?))
}

/// 128 random bits, in hexadecimal digits.
pub(crate) fn password() -> io::Result<String> {
    Ok(hex::encode(random::<16>()?))
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_lose_their_rights() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("a/run");
        fs::create_dir_all(&run).unwrap();
        fs::set_permissions(&run, Permissions::from_mode(0o755)).unwrap();
        folder(&run).unwrap();
        write(&run.join("secret.json"), b"{}").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&run), mode(&run.join("secret.json"))), (0o700, 0o600));
        assert_ne!(password().unwrap(), password().unwrap());
        assert_ne!(key().unwrap(), key().unwrap());
    }

    #[test]
    fn json_comes_back_as_it_was_written() {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        let file = place.path().join("new/values.json");
        assert_eq!(read_json::<Vec<u8>>(&file).unwrap(), None);
        write_json(&file, &[1, 2]).unwrap();
        assert_eq!(read_json(&file).unwrap(), Some(vec![1, 2]));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&place.path().join("new")), mode(place.path())), (0o600, 0o700, 0o755));
        fs::write(&file, "[1,").unwrap();
        assert!(read_json::<Vec<u8>>(&file).unwrap_err().to_string().ends_with("is damaged"));
    }
}
