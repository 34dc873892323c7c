//! A title as lists show it.

use kernel::{
    TitleId, TitleKind,
    policy::{Audience, may_watch_once_paid},
};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::store::cards::CardRow;

/// A title as lists show it, in the caller's language.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Card {
    pub id: TitleId,
    /// What it is.
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

impl Card {
    /// The card of a row for an audience.
    pub(crate) fn of(mut row: CardRow, audience: &Audience, now: OffsetDateTime, public_url: &PublicUrl) -> Self {
        let rules = row.take_rules();
        Self {
            id: row.id,
            kind: row.kind,
            slug: row.slug,
            name: row.name,
            year: Some(row.year).filter(|year| *year != 0),
            rating: row.rating,
            genres: row.genres,
            poster_url: row.poster.map(|path| public_url.media(&path)),
            duration_seconds: row.duration_seconds,
            playable: may_watch_once_paid(&rules, audience, now).is_ok(),
        }
    }
}
