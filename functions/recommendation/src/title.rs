//! A title as recommendations know it: its rules, what it is like, and how a list shows it.

use std::collections::BTreeSet;

use kernel::{
    Languages, Names, TitleCard, TitleId, TitleKind,
    policy::{Audience, TitleRules, Visibility, leaving_soon_at, may_watch_once_paid, visibility},
};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::millis;

/// People beyond these say little about a film.
const MOST_PEOPLE: usize = 12;

/// A title in its newest version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Title {
    pub id: TitleId,
    /// Its version: the highest wins.
    pub sequence: i64,
    pub kind: TitleKind,
    pub slug: String,
    pub names: Names,
    pub year: Option<i16>,
    /// Slugs.
    pub genres: Vec<String>,
    /// Ids or names of those who made it.
    pub people: Vec<String>,
    /// Path below `/media/`.
    pub poster: Option<String>,
    pub duration_seconds: Option<f64>,
    pub rules: TitleRules,
    /// Milliseconds since 1970.
    pub published_at: Option<i64>,
    /// Series of a season, season of an episode.
    pub parent: Option<TitleId>,
}

impl From<events::Title> for Title {
    fn from(told: events::Title) -> Self {
        let people = told.credits.iter().map(|credit| match credit.person {
            Some(person) => person.to_string(),
            None => credit.name.clone(),
        });
        let mut known = BTreeSet::new();
        let people = people.filter(|person| !person.is_empty() && known.insert(person.clone())).take(MOST_PEOPLE);
        Self {
            people: people.collect(),
            duration_seconds: told.duration_seconds(),
            id: told.id,
            sequence: told.sequence,
            kind: told.kind,
            slug: told.slug,
            names: told.names,
            year: told.year,
            genres: told.genres,
            poster: told.poster,
            rules: told.rules,
            published_at: told.published_at.map(millis::of),
            parent: told.parent,
        }
    }
}

impl Title {
    /// Whether it is proposed as a whole: films and series are, seasons and episodes are not.
    pub fn is_work(&self) -> bool {
        self.parent.is_none() && matches!(self.kind, TitleKind::Film | TitleKind::Series)
    }

    /// Whether a list may offer it: visible, and with something to play where it is played itself.
    pub fn is_offered(&self, audience: &Audience, now: OffsetDateTime) -> bool {
        if self.kind.has_film() {
            may_watch_once_paid(&self.rules, audience, now).is_ok()
        } else {
            visibility(&self.rules, audience, now) == Visibility::Visible
        }
    }

    /// The title for a reader.
    pub fn card(
        &self,
        (audience, reader): (&Audience, &Languages),
        now: OffsetDateTime,
        public_url: &PublicUrl,
    ) -> TitleCard {
        TitleCard {
            id: self.id,
            kind: self.kind,
            slug: self.slug.clone(),
            name: self.names.for_reader(reader).to_owned(),
            year: self.year,
            rating: self.rules.rating,
            genres: self.genres.clone(),
            poster_url: self.poster.as_ref().map(|path| public_url.media(path)),
            duration_seconds: self.duration_seconds,
            playable: may_watch_once_paid(&self.rules, audience, now).is_ok(),
            leaving_at: leaving_soon_at(&self.rules, &audience.territory, now),
        }
    }
}
