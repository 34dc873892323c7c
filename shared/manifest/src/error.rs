//! Why a manifest was refused, and where to look.

use std::path::PathBuf;

/// A manifest that cannot be read or contradicts itself; the text begins with `file:line`.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file is missing or unreadable.
    #[error("{}: {source}", .file.display())]
    Unreadable {
        /// The file, relative to the repository.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The content breaks a rule.
    #[error("{}:{line}: {reason}", .file.display())]
    Invalid {
        /// The file, relative to the repository.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The rule, with the name it is about.
        reason: String,
    },
    /// Generated files are not what the yaml says.
    #[error("{files} is out of date: run `cargo cinema generate`")]
    Stale {
        /// Relative to the repository.
        files: String,
    },
}
