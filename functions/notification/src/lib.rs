//! Tells people: mails in their language, each sent once.

pub mod content;
pub mod job;
pub mod operations;
mod store;
