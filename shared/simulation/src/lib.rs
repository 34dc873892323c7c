//! One seed, one history: what happens when, in which order, and how badly. For tests that run real operations under virtual time.

mod agenda;
mod chance;
mod transport;

pub use agenda::Agenda;
pub use chance::Chance;
pub use transport::Transport;
