//! Zips that are the same bytes for the same content: sorted entries, one time, mode 0755.

mod digests;
mod folder;

use std::io::{Cursor, Write};
use std::path::Path;
use std::{fs, io};

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

pub use digests::Digests;

/// Deflate level for zips that only travel to an emulator on the same machine.
pub const FAST: i64 = 1;
/// Deflate level for zips that are shipped.
pub const SMALL: i64 = 9;

/// The zip of a function: its binary as `bootstrap`.
pub fn function(binary: &Path, level: i64) -> Result<Vec<u8>> {
    let content = fs::read(binary).with_context(|| format!("reading {}", binary.display()))?;
    archive([("bootstrap".to_owned(), content)], level)
}

/// The zip of a layer: every file below a folder, links followed, hidden files left out.
pub fn folder(folder: &Path, level: i64) -> Result<Vec<u8>> {
    let mut entries = Vec::new();
    for (name, file) in folder::files(folder)? {
        entries.push((name, fs::read(&file).with_context(|| format!("reading {}", file.display()))?));
    }
    archive(entries, level)
}

fn archive(entries: impl IntoIterator<Item = (String, Vec<u8>)>, level: i64) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755)
        .large_file(false);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(name, options).map_err(io::Error::other)?;
        zip.write_all(&content)?;
    }
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        let zip = |names: [&str; 2]| {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("bin")).unwrap();
            for name in names {
                fs::write(folder.path().join(name), name).unwrap();
            }
            super::folder(folder.path(), FAST).unwrap()
        };
        let first = zip(["bin/a", "z"]);
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(first, zip(["z", "bin/a"]));
        let mut archive = zip::ZipArchive::new(Cursor::new(first)).unwrap();
        let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
        assert_eq!(names, ["bin/a", "z"]);
        assert_eq!(archive.by_name("z").unwrap().unix_mode().map(|mode| mode & 0o777), Some(0o755));
    }
}
