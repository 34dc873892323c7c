//! A folder for throw-away platforms.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use engines::{Engines, Home, progress::Progress};

use crate::platform::Platform;

/// Names a folder together with the process that made it.
const PREFIX: &str = "cinema-test-";

/// A platform that leaves nothing behind, in a folder of this process.
pub(crate) struct Scratch {
    home: Home,
}

impl Scratch {
    /// Takes away what killed processes left here, and begins with an empty folder.
    pub(crate) async fn new(home: &Home) -> Result<Self> {
        let temp = std::env::temp_dir();
        for folder in left_behind(&temp)? {
            // Another user's stays theirs.
            let _ = wipe(&home.throw_away(&folder)).await;
        }
        let folder = temp.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self { home: home.throw_away(&folder) })
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// For the files of programs that run on this platform.
    pub(crate) fn temp(&self) -> Result<PathBuf> {
        let folder = self.home.run().join("tmp");
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Ends everything that runs in it, and removes it with what the engines keep elsewhere.
    ///
    /// With `CINEMA_TEST_KEEP` in the environment the files stay: logs explain failures.
    pub(crate) async fn end(self) -> Result<()> {
        Platform::stop_edge(&self.home).await?;
        if std::env::var_os("CINEMA_TEST_KEEP").is_some() {
            return Engines::stop(&self.home, &Progress::quiet()).await;
        }
        wipe(&self.home).await
    }
}

async fn wipe(home: &Home) -> Result<()> {
    Engines::wipe(home, &Progress::quiet()).await
}

/// The folders of processes that are no more.
fn left_behind(temp: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(temp)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_ended_processes_are_left_behind() {
        let temp = tempfile::tempdir().unwrap();
        // Beyond the largest process id that Linux gives.
        let ended = temp.path().join(format!("{PREFIX}4194305"));
        let mine = temp.path().join(format!("{PREFIX}{}", std::process::id()));
        let others = ["cinema-test-", "cinema-test-x", "another"].map(|name| temp.path().join(name));
        for folder in others.iter().chain([&ended, &mine]) {
            fs::create_dir(folder).unwrap();
        }
        assert_eq!(left_behind(temp.path()).unwrap(), [ended]);
    }
}
