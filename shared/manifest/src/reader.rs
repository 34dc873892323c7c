//! Reads every `functions.yaml` and `resources.yaml` of a repository.

mod raw;

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::check;
use crate::error::ManifestError;
use crate::manifest::Manifest;

impl Manifest {
    /// Reads and cross-checks `functions/resources.yaml` and every `functions/<service>/functions.yaml` below `root`.
    pub fn load(root: &Path) -> Result<Manifest, ManifestError> {
        let resources = read::<raw::Resources>(root, Path::new("functions/resources.yaml"))?.0.into();
        let mut functions = Vec::new();
        for file in service_files(root)? {
            let (document, text) = read::<raw::Document>(root, &file)?;
            for (name, entry) in document.functions.0 {
                let line = line_of(&text, &name);
                functions.push(entry.into_function(name, &document.service, file.clone(), line));
            }
        }
        let manifest = Manifest { functions, resources };
        check::check(&manifest)?;
        Ok(manifest)
    }
}

fn service_files(root: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    let folder = PathBuf::from("functions");
    let unreadable = |source| ManifestError::Unreadable { file: folder.clone(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(&folder)).map_err(unreadable)? {
        let file = folder.join(entry.map_err(unreadable)?.file_name()).join("functions.yaml");
        if root.join(&file).is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read<T: DeserializeOwned>(root: &Path, file: &Path) -> Result<(T, String), ManifestError> {
    let unreadable = |source| ManifestError::Unreadable { file: file.to_owned(), source };
    let text = fs::read_to_string(root.join(file)).map_err(unreadable)?;
    match serde_norway::from_str(&text) {
        Ok(value) => Ok((value, text)),
        Err(error) => {
            let (line, reason) = place(&text, &error);
            Err(ManifestError::Invalid { file: file.to_owned(), line, reason })
        }
    }
}

/// The parser says where the surrounding mapping begins; the line with the word it complains about is nearer.
fn place(text: &str, error: &serde_norway::Error) -> (usize, String) {
    let reason = error.to_string();
    let Some(location) = error.location() else { return (1, reason) };
    let word = reason.split('`').nth(1).filter(|word| !word.is_empty());
    let start = location.line().max(1) - 1;
    let nearer = word.and_then(|word| text.lines().skip(start).position(|line| line.contains(word))).unwrap_or(0);
    let suffix = format!(" at line {} column {}", location.line(), location.column());
    (start + nearer + 1, reason.trim_end_matches(&suffix).to_owned())
}

/// The parser reports places of errors only; an entry's own line is the one that begins with its key.
fn line_of(text: &str, name: &str) -> usize {
    let is_key = |line: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    text.lines().position(is_key).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests;
