//! Which processes make up a platform: one small file, written before anybody waits for a process.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::home::Home;
use crate::private;
use crate::process::Process;

/// A process that belongs to a platform: an engine, or the edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daemon {
    /// The process.
    #[serde(flatten)]
    pub process: Process,
    /// Where it listens.
    pub port: u16,
    /// What it was started from; another value means that it has to be replaced.
    pub build: String,
}

/// The processes of a platform, as `run/stack.json` notes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daemons {
    /// Whether the engines are containers.
    #[serde(default)]
    pub docker: bool,
    /// By name.
    #[serde(default, rename = "daemons")]
    pub by_name: BTreeMap<String, Daemon>,
}

impl Daemons {
    /// What the file says; nothing when there is none.
    pub fn load(home: &Home) -> Result<Self> {
        Ok(private::read_json(&path(home))?.unwrap_or_default())
    }

    /// Writes it as a whole.
    pub fn save(&self, home: &Home) -> Result<()> {
        private::folder(home.run())?;
        private::write_json(&path(home), self)
    }

    /// Adds or replaces one process in the file, holding the file's lock.
    pub fn record(home: &Home, name: &str, daemon: Daemon) -> Result<()> {
        Self::change(home, |daemons| drop(daemons.by_name.insert(name.to_owned(), daemon)))
    }

    /// Removes one process from the file.
    pub fn forget(home: &Home, name: &str) -> Result<()> {
        Self::change(home, |daemons| drop(daemons.by_name.remove(name)))
    }

    /// Changes the file, holding its lock.
    pub fn change(home: &Home, change: impl FnOnce(&mut Self)) -> Result<()> {
        private::folder(home.run())?;
        let lock = fs::File::create(home.run().join(".state.lock"))?;
        lock.lock()?;
        let mut daemons = Self::load(home)?;
        change(&mut daemons);
        daemons.save(home)
    }
}

fn path(home: &Home) -> PathBuf {
    home.run().join("stack.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons_are_added_and_forgotten_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        assert_eq!(Daemons::load(&home).unwrap(), Daemons::default());
        let daemon = |pid| Daemon { process: Process { pid, started: "x".into() }, port: 1, build: "b".into() };
        Daemons::record(&home, "redis", daemon(7)).unwrap();
        Daemons::record(&home, "edge", daemon(8)).unwrap();
        Daemons::forget(&home, "redis").unwrap();
        let daemons = Daemons::load(&home).unwrap();
        assert_eq!(daemons.by_name.into_iter().collect::<Vec<_>>(), [("edge".to_owned(), daemon(8))]);
    }
}
