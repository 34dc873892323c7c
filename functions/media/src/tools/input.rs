//! Where a source is read from.

use std::{ffi::OsStr, path::PathBuf};

/// Where a source is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A presigned URL, read by range requests.
    Url(String),
    /// A file of the work folder.
    File(PathBuf),
}

impl Input {
    pub(crate) fn address(&self) -> &OsStr {
        match self {
            Input::Url(url) => OsStr::new(url),
            Input::File(path) => path.as_os_str(),
        }
    }
}
