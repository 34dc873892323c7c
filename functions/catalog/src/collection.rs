//! Titles that belong together, as viewers see them and as editors put them together.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Languages, Locale, TitleCard, TitleId, nearest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    text::{Name, Synopsis},
    violation::{InvalidDraft, Violation},
};

const MOST_LOCALISATIONS: usize = 50;
const MOST_TITLES: usize = 200;

/// Name and description in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionText {
    pub name: Name,
    /// What its titles have in common.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Synopsis>,
}

/// What an editor writes about a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionDraft {
    /// Texts by language; at least one.
    pub localisations: BTreeMap<Locale, CollectionText>,
    /// In the order in which they are shown.
    #[schema(max_items = 200)]
    pub titles: Vec<TitleId>,
}

impl CollectionDraft {
    /// The draft as it may be kept, as far as its titles exist.
    ///
    /// # Errors
    /// Every part that is wrong.
    pub fn checked(self) -> Result<Self, InvalidDraft> {
        let mut found = Vec::new();
        if !(1..=MOST_LOCALISATIONS).contains(&self.localisations.len()) {
            found.push(Violation::new("/localisations", format!("must have 1 to {MOST_LOCALISATIONS} entries")));
        }
        if self.titles.len() > MOST_TITLES {
            found.push(Violation::new("/titles", format!("must have at most {MOST_TITLES} entries")));
        }
        let mut known = BTreeSet::new();
        for (at, title) in self.titles.iter().enumerate() {
            if !known.insert(*title) {
                found.push(Violation::new(format!("/titles/{at}"), "is in the collection already"));
            }
        }
        InvalidDraft::unless_empty(found)?;
        Ok(self)
    }
}

/// A collection as its editor sees it. The ETag is the version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EditedCollection {
    /// Its address.
    pub slug: String,
    /// Counts changes from 1; the ETag.
    pub version: i64,
    /// What can be changed.
    #[serde(flatten)]
    pub about: CollectionDraft,
}

/// A collection in the caller's language.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Collection {
    /// Its address.
    pub slug: String,
    pub name: String,
    /// What its titles have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the caller may see of it, in its order.
    pub titles: Vec<TitleCard>,
}

impl Collection {
    /// The collection for a reader.
    pub fn of(
        slug: String,
        localisations: &BTreeMap<Locale, CollectionText>,
        titles: Vec<TitleCard>,
        reader: &Languages,
    ) -> Self {
        let text = nearest(localisations, reader).map(|(_, text)| text);
        Self {
            name: text.map_or_else(|| slug.clone(), |text| text.name.to_string()),
            description: text.and_then(|text| text.description.as_ref()).map(ToString::to_string),
            slug,
            titles,
        }
    }
}
