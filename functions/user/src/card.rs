//! A title as a profile's own lists show it.

use kernel::{TitleId, TitleKind};
use runtime::PublicUrl;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::titles::CardRow;

/// A title in the profile's language.
#[derive(Debug, Serialize, ToSchema)]
pub struct Card {
    pub id: TitleId,
    /// What it is.
    pub kind: TitleKind,
    pub slug: String,
    /// In the profile's language, else in English, else in any.
    pub name: String,
    /// When it first appeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Lowest age it is meant for, 0–18.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<i16>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster_url: Option<String>,
    /// Length in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Series of a season, season of an episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TitleId>,
    /// Which season of its series, which episode of its season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i32>,
}

impl Card {
    pub(crate) fn of(row: CardRow, public_url: &PublicUrl) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            slug: row.slug,
            name: row.name.unwrap_or_default(),
            year: row.year,
            rating: row.rating,
            poster_url: row.poster.map(|path| public_url.media(&path)),
            duration_seconds: row.duration_seconds,
            number: row.parent.is_some().then_some(row.number),
            parent_id: row.parent,
        }
    }
}
