//! What a search answers.

use kernel::{
    Locale, Names, QueryId, TitleId, TitleKind,
    policy::{Audience, may_watch_once_paid},
};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::document::Document;

/// A page of what was found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FoundPage {
    /// Best first; a title whose name is the query comes before all others.
    pub items: Vec<FoundTitle>,
    /// How many there are in all.
    pub total: u64,
    /// Pass it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Names this search when a result is clicked.
    pub query_id: QueryId,
    /// The search engine did not answer in time: word forms were not considered and the order is coarser.
    pub degraded: bool,
}

/// A title as lists show it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FoundTitle {
    pub id: TitleId,
    pub kind: TitleKind,
    pub slug: String,
    /// In the caller's language, else in English, else in any.
    pub name: String,
    /// When it first appeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Lowest age it is meant for, 0–18.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// Slugs of genres.
    pub genres: Vec<String>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster_url: Option<String>,
    /// Length in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Whether this caller can watch it with a plan that includes it.
    pub playable: bool,
}

impl FoundTitle {
    /// The title for a reader.
    pub fn of(
        document: Document,
        (audience, reader): (&Audience, &Locale),
        now: OffsetDateTime,
        public_url: &PublicUrl,
    ) -> Self {
        let names = Names { by_locale: document.names, original: document.original_title };
        Self {
            id: document.title_id,
            name: names.for_reader(reader).to_owned(),
            kind: document.kind,
            slug: document.slug,
            year: document.year,
            rating: document.rules.rating,
            genres: document.genres,
            poster_url: document.poster.as_ref().map(|path| public_url.media(path)),
            duration_seconds: document.duration_seconds,
            playable: may_watch_once_paid(&document.rules, audience, now).is_ok(),
        }
    }
}
