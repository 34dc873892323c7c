//! Somebody of the credits, as viewers see them and as editors write them.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Languages, Locale, PersonId, TitleCard, nearest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    text::{Name, Synopsis},
    violation::{InvalidDraft, Violation},
};

const MOST_LOCALISATIONS: usize = 50;
const MOST_OTHER_NAMES: usize = 100;

/// Name and biography in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonText {
    pub name: Name,
    /// What there is to say about the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biography: Option<Synopsis>,
}

/// What an editor writes about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonDraft {
    /// What the person is called where no language fits. Credits go on finding the person by the name under which they first came.
    pub name: Name,
    /// Other names and spellings.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub also_known_as: Vec<Name>,
    /// Texts by language.
    #[serde(default)]
    pub localisations: BTreeMap<Locale, PersonText>,
}

impl PersonDraft {
    /// The draft with every other name once.
    ///
    /// # Errors
    /// Every part that is wrong.
    pub fn checked(mut self) -> Result<Self, InvalidDraft> {
        let mut found = Vec::new();
        for (pointer, count, most) in [
            ("/also_known_as", self.also_known_as.len(), MOST_OTHER_NAMES),
            ("/localisations", self.localisations.len(), MOST_LOCALISATIONS),
        ] {
            if count > most {
                found.push(Violation::new(pointer, format!("must have at most {most} entries")));
            }
        }
        InvalidDraft::unless_empty(found)?;
        self.also_known_as = self.also_known_as.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        Ok(self)
    }
}

/// A person as their editor sees them. The ETag is the version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EditedPerson {
    pub id: PersonId,
    /// Counts changes from 1; the ETag.
    pub version: i64,
    /// What can be changed.
    #[serde(flatten)]
    pub about: PersonDraft,
}

/// A person in the caller's language.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// Other names and spellings.
    pub also_known_as: Vec<Name>,
    /// What there is to say about the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biography: Option<String>,
    /// What the caller may see of their work, the latest year first.
    pub filmography: Vec<Work>,
}

/// A title that a person worked on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Work {
    pub title: TitleCard,
    /// What they did.
    pub parts: Vec<Part>,
}

/// What somebody did for a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// director, writer, actor, composer…
    pub role: String,
    /// Whom an actor plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<String>,
}

impl Person {
    /// The person for a reader.
    pub fn of(person: EditedPerson, filmography: Vec<Work>, reader: &Languages) -> Self {
        let EditedPerson { id, about, .. } = person;
        let text = nearest(&about.localisations, reader).map(|(_, text)| text);
        Self {
            id,
            name: text.map_or(&about.name, |text| &text.name).to_string(),
            biography: text.and_then(|text| text.biography.as_ref()).map(ToString::to_string),
            also_known_as: about.also_known_as,
            filmography,
        }
    }
}
