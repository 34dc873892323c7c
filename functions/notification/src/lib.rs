//! Tells people: in the inbox, by mail and by push, in their language, each fact once.

pub mod address;
mod amount;
mod campaign;
pub mod content;
pub mod destination;
pub mod digest;
mod edited;
pub mod email_event;
pub mod episodes;
mod handout;
mod inbox;
pub mod job;
pub mod language;
pub mod leaving;
pub mod notice;
pub mod operations;
mod page;
pub mod preferences;
mod problems;
pub mod push;
pub mod quiet;
mod store;
pub mod unsubscribe;
pub mod wording;
pub mod workflow;
