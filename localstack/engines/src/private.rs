//! Files and folders that only their owner reads.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};

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

/// 128 random bits, in hexadecimal digits.
pub(crate) fn password() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex::encode(bytes))
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
    }
}
