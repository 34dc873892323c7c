//! A genre in the reader's language.

use std::collections::BTreeMap;

use kernel::{Languages, Locale, nearest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A genre's name by language.
pub type Names = BTreeMap<Locale, String>;

/// A genre in the caller's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Genre {
    /// For filters.
    pub slug: String,
    pub name: String,
}

impl Genre {
    /// The genre for a reader.
    pub fn of(slug: &str, names: &Names, reader: &Languages) -> Self {
        let name = nearest(names, reader).map_or(slug, |(_, name)| name);
        Self { slug: slug.to_owned(), name: name.to_owned() }
    }
}
