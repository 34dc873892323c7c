//! The catalogue: what there is to watch, in which languages, for whom and when.

pub mod asset;
pub mod card;
pub mod detail;
pub mod draft;
pub mod edited;
pub mod operations;
pub mod publication;
pub mod slug;
mod store;
pub mod text;
pub mod title;
pub mod windows;
