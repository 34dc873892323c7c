//! One seed, one history: what happens when, in which order, and how badly. For tests that run real operations under virtual time, and for
//! catalogues of made-up titles.

mod agenda;
mod chance;
mod histories;
mod titles;
mod transport;

pub use agenda::Agenda;
pub use chance::Chance;
pub use histories::{named, run_histories, setting};
pub use titles::{MadeUpTitle, MadeUpTitles};
pub use transport::Transport;
