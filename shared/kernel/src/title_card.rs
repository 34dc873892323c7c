//! A title as lists show it, the same in the catalogue, in search and wherever else titles are offered.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{TitleId, TitleKind};

/// A title in the caller's language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TitleCard {
    /// Its id.
    pub id: TitleId,
    /// What it is.
    pub kind: TitleKind,
    /// Its address.
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
    /// When it stops being offered where the caller is, if that is within 30 days.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub leaving_at: Option<OffsetDateTime>,
}
