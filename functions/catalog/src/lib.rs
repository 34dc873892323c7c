//! The catalogue: what there is to watch, in which languages, for whom and when.

pub mod asset;
mod change;
pub mod detail;
pub mod draft;
pub mod edited;
pub mod edited_card;
pub mod genre;
pub mod list;
pub mod operations;
mod problems;
pub mod publication;
pub mod slug;
mod store;
pub mod text;
pub mod title;
pub mod violation;
pub mod windows;
