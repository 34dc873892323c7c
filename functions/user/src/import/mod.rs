//! The history of another service: what its files say, and which titles here they mean.
//!
//! Nothing here does I/O. A file is read as a stream, line by line; what is kept of it is bounded.

pub mod catalogue;
pub mod contents;
pub mod date;
mod decode;
pub mod file;
mod letterboxd;
pub mod name;
mod netflix;
pub mod options;
pub mod preview;
pub mod summary;
mod table;
mod trakt;
pub mod words;
