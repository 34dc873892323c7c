//! Tells people: mails in their language, each sent once.

mod delivery;
pub mod message;
pub mod operations;
pub mod template;
