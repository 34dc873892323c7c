//! The laws of this repository, held by the tests beside this crate: the shape of its crates, personal data, generated files.

mod imports;
mod repository;

pub use imports::{Circle, Imports};
pub use repository::{crates_of, dependencies, files, root};
