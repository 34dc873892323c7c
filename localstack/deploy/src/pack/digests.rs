//! SHA-256 of files that rarely change: kept beside size and time, so that an unchanged platform is not read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{fs, io};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::folder;

/// A cache of digests, kept in a file.
pub struct Digests {
    file: PathBuf,
    known: BTreeMap<PathBuf, Entry>,
    is_changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    size: u64,
    modified_ns: u64,
    sha256: String,
}

impl Digests {
    /// Reads the cache; an unreadable one is an empty one.
    pub fn open(file: PathBuf) -> Digests {
        let known = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Digests { file, known, is_changed: false }
    }

    /// The digest of a file's content.
    pub fn of(&mut self, path: &Path) -> Result<String> {
        let failed = || format!("reading {}", path.display());
        let path = fs::canonicalize(path).with_context(failed)?;
        let metadata = fs::metadata(&path).with_context(failed)?;
        let modified = metadata.modified().with_context(failed)?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (size, modified_ns) = (metadata.len(), modified.as_nanos() as u64);
        if let Some(entry) = self.known.get(&path)
            && (entry.size, entry.modified_ns) == (size, modified_ns)
        {
            return Ok(entry.sha256.clone());
        }
        let sha256 = digest(&path).with_context(failed)?;
        self.known.insert(path, Entry { size, modified_ns, sha256: sha256.clone() });
        self.is_changed = true;
        Ok(sha256)
    }

    /// The digest of a folder: names and contents of its files.
    pub fn of_folder(&mut self, folder: &Path) -> Result<String> {
        let mut hash = Sha256::new();
        for (name, file) in folder::files(folder)? {
            hash.update(format!("{} {name}\n", self.of(&file)?));
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// Writes the cache when it has changed.
    pub fn save(&self) -> Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        let failed = || format!("writing {}", self.file.display());
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(failed)?;
        }
        fs::write(&self.file, serde_json::to_vec(&self.known)?).with_context(failed)
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = fs::File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            length => hash.update(&buffer[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_has_another_digest() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, file) = (folder.path().join("cache.json"), folder.path().join("a"));
        fs::write(&file, "one").unwrap();
        let mut digests = Digests::open(cache.clone());
        let first = digests.of(&file).unwrap();
        digests.save().unwrap();
        assert_eq!(Digests::open(cache.clone()).of(&file).unwrap(), first);
        fs::write(&file, "other").unwrap();
        assert_ne!(Digests::open(cache).of(&file).unwrap(), first);
    }
}
