//! The one thing a machine must have: Python with venv. Chosen once; its virtual environment brings pip.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

/// LocalStack's server is written for 3.13; on 3.11 and 3.12 it is rewritten a little (programs/backport.py).
pub(super) const OLDEST: &str = "3.11";
const CHECK: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))";

/// The virtual environment that installs packages and runs what is written in Python.
#[derive(Clone, Debug)]
pub struct Python {
    folder: PathBuf,
    version: String,
}

/// No suitable interpreter was found.
#[derive(Debug, thiserror::Error)]
#[error("Python {OLDEST} or later with venv is missing; install it with: {}", self.command())]
pub struct PythonMissing;

impl PythonMissing {
    /// The one command that installs it on this system.
    pub fn command(&self) -> &'static str {
        let has = |tool: &str| ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(tool).exists());
        if has("apt-get") {
            "sudo apt-get install -y python3 python3-venv"
        } else if has("dnf") {
            "sudo dnf install -y python3"
        } else if has("pacman") {
            "sudo pacman -S --noconfirm python"
        } else if has("apk") {
            "sudo apk add python3"
        } else {
            "brew install python@3.13"
        }
    }
}

impl Python {
    /// The environment in the cache, made by the first suitable interpreter when it is not there yet.
    pub(super) async fn ensure(cache: &Path) -> Result<Self> {
        if let Some(existing) = Self::existing(cache) {
            return Ok(existing);
        }
        let interpreter = Self::choose().ok_or(PythonMissing)?;
        let folder = cache.join("python");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let output = Command::new(&interpreter).args(["-m", "venv"]).arg(&folder).output().await?;
        if !output.status.success() {
            let _ = fs::remove_dir_all(&folder);
            anyhow::bail!(
                "{} -m venv failed: {}{}",
                interpreter.display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        fs::write(folder.join(".done"), "")?;
        Self::existing(cache).with_context(|| format!("{} is not a virtual environment", folder.display()))
    }

    /// The environment in the cache, if its interpreter is still there.
    pub fn existing(cache: &Path) -> Option<Self> {
        let folder = cache.join("python");
        let usable = folder.join(".done").exists() && folder.join("bin/python").exists();
        let settings = fs::read_to_string(folder.join("pyvenv.cfg")).ok()?;
        let version = settings.lines().find_map(|line| line.strip_prefix("version = "))?;
        let minor = version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
        usable.then_some(Self { folder, version: minor })
    }

    /// The interpreter that would be taken: `$PYTHON`, else the nearest to 3.13.
    pub fn choose() -> Option<PathBuf> {
        for candidate in Self::candidates() {
            let check = std::process::Command::new(&candidate).args(["-c", CHECK]).output();
            if check.is_ok_and(|output| output.status.success()) {
                return Some(candidate);
            }
        }
        None
    }

    fn candidates() -> Vec<PathBuf> {
        if let Some(chosen) = env::var_os("PYTHON") {
            return vec![chosen.into()];
        }
        let mut found: Vec<PathBuf> = vec!["python3.13".into()];
        let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".pyenv")));
        for entry in pyenv.and_then(|root| fs::read_dir(root.join("versions")).ok()).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("3.13") {
                found.push(entry.path().join("bin/python3"));
            }
        }
        found.extend(["python3", "python3.12", "python3.11"].map(PathBuf::from));
        found
    }

    /// `3.13`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its interpreter.
    pub fn interpreter(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// A command line that begins with the interpreter.
    pub(super) fn command(&self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Command {
        let mut command = Command::new(self.interpreter());
        command.args(arguments.into_iter().map(Into::into)).kill_on_drop(true);
        command
    }

    /// Makes another environment of the same interpreter, without pip.
    pub(super) async fn empty_environment(&self, folder: &Path) -> Result<()> {
        let output = self.command(["-m", "venv", "--without-pip"]).arg(folder).output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "a virtual environment could not be made: {said}");
        Ok(())
    }
}
