//! A genre in the reader's language.

use std::collections::BTreeMap;

use kernel::Locale;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A genre's name by language.
pub type Names = BTreeMap<String, String>;

/// A genre in the caller's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Genre {
    /// For filters.
    pub slug: String,
    pub name: String,
}

impl Genre {
    /// The genre for a reader: their own language, English, else any.
    pub fn of(slug: &str, names: &Names, reader: &Locale) -> Self {
        let own = names.get(reader.as_str()).or_else(|| names.get(reader.language()));
        let name = own.or_else(|| names.get("en")).or_else(|| names.values().next());
        Self { slug: slug.to_owned(), name: name.map_or(slug, String::as_str).to_owned() }
    }
}
