//! The catalogue: what there is to watch, in which languages, for whom and when.

pub mod artwork;
pub mod asset;
pub mod audit;
mod change;
pub mod collection;
pub mod detail;
pub mod draft;
pub mod edited;
pub mod edited_card;
pub mod episode;
pub mod genre;
pub mod leaving;
pub mod list;
pub mod operations;
pub mod person;
pub mod picture;
pub mod pictures;
mod problems;
pub mod publication;
pub mod slug;
mod store;
pub mod text;
pub mod title;
pub mod violation;
pub mod windows;
