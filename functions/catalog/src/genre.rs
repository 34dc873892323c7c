//! A genre in the reader's language.

use std::collections::BTreeMap;

use kernel::{Languages, Locale, nearest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{text::Name, violation::InvalidDraft};

const MOST_NAMES: usize = 50;

/// A genre's name by language.
pub type Names = BTreeMap<Locale, String>;

/// What an editor writes about a genre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GenreDraft {
    /// By language; at least one.
    pub names: BTreeMap<Locale, Name>,
}

impl GenreDraft {
    /// The draft as it may be kept.
    ///
    /// # Errors
    /// Every part that is wrong.
    pub fn checked(self) -> Result<Self, InvalidDraft> {
        if (1..=MOST_NAMES).contains(&self.names.len()) {
            Ok(self)
        } else {
            Err(InvalidDraft::at("/names", format!("must have 1 to {MOST_NAMES} entries")))
        }
    }
}

/// A genre as its editor sees it. The ETag is the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EditedGenre {
    /// For filters.
    pub slug: String,
    /// Counts changes from 1; the ETag.
    pub version: i64,
    /// What can be changed.
    #[serde(flatten)]
    pub about: GenreDraft,
}

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
