//! What every engine is told when it starts.

use crate::home::Home;
use crate::packages::Installed;
use crate::passwords::Passwords;
use crate::progress::Progress;

#[derive(Clone, Copy)]
pub(crate) struct Setup<'a> {
    pub home: &'a Home,
    pub installed: &'a Installed,
    pub passwords: &'a Passwords,
    /// Nothing is worth keeping on disk.
    pub throw_away: bool,
    pub progress: &'a Progress,
}

impl Setup<'_> {
    /// Kills what is left of a throw-away platform when its owner dies without a word.
    pub fn dies_with_parent(&self, signal: &'static str) -> Option<&'static str> {
        self.throw_away.then_some(signal)
    }
}
