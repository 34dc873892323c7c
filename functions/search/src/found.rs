//! What a search answers.

use kernel::{
    Languages, Names, QueryId, TitleCard,
    policy::{Audience, leaving_soon_at, may_watch_once_paid},
};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    document::{Document, NamedTitle},
    facets::Facets,
};

/// What a search found: a slice of documents, how many there are in all, and of what.
#[derive(Debug, Default, Clone)]
pub(crate) struct Found {
    pub documents: Vec<Document>,
    pub total: u64,
    pub facets: Facets,
}

/// What is suggested while somebody types.
#[derive(Debug, Default, Clone)]
pub(crate) struct Suggested {
    /// Best first.
    pub titles: Vec<NamedTitle>,
    /// Everybody of the titles of which somebody fits, in the order of those.
    pub people: Vec<String>,
    /// Slugs of the genres of the titles of which one fits, the most frequent first.
    pub genres: Vec<String>,
}

/// A page of what was found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FoundPage {
    /// In the order that was asked for; best first a title whose name is the query comes before all others.
    pub items: Vec<TitleCard>,
    /// How many there are in all.
    pub total: u64,
    /// Pass it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How many there are of what, on all pages.
    pub facets: Facets,
    /// What to search for instead. With items: how they are spelt, for they were found with typos or in the other keyboard layout. Without:
    /// what is nearest among what the caller may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
    /// Names this search when a result is clicked.
    pub query_id: QueryId,
    /// The search engine did not answer in time: word forms were not considered and the order is coarser.
    pub degraded: bool,
}

/// The title for a reader.
pub(crate) fn card(
    document: Document,
    (audience, reader): (&Audience, &Languages),
    now: OffsetDateTime,
    public_url: &PublicUrl,
) -> TitleCard {
    let names = Names { by_locale: document.names, original: document.original_title };
    TitleCard {
        id: document.title_id,
        kind: document.kind,
        slug: document.slug,
        name: names.for_reader(reader).to_owned(),
        year: document.year,
        rating: document.rules.rating,
        genres: document.genres,
        poster_url: document.poster.map(|path| public_url.media(&path)),
        duration_seconds: document.duration_seconds,
        playable: may_watch_once_paid(&document.rules, audience, now).is_ok(),
        leaving_at: leaving_soon_at(&document.rules, &audience.territory, now),
    }
}
