//! How to start the engines.

use crate::engine::Engine;
use crate::packages::Component;

/// What the engines run as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Processes, from packages.
    #[default]
    Packages,
    /// Containers, from `docker-compose.yml`.
    Docker,
}

/// How to start the engines.
#[derive(Clone, Debug)]
pub struct Options {
    /// Processes or containers.
    pub mode: Mode,
    /// For tests: any free ports, nothing worth keeping on disk, and everything ends when the starting process dies.
    pub throw_away: bool,
    /// Which engines.
    pub engines: Vec<Engine>,
    /// What else to install.
    pub components: Vec<Component>,
}

impl Default for Options {
    fn default() -> Self {
        let (mode, throw_away) = (Mode::Packages, false);
        Self { mode, throw_away, engines: Engine::ALL.to_vec(), components: vec![Component::Ffmpeg] }
    }
}
