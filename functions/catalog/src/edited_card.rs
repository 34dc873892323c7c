//! A title in the list of its editors: how far it is, and what became of its newest file.

use kernel::{TitleId, TitleKind, policy::Publication};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::{
    asset::{Failure, Source},
    edited::EditedArtwork,
    publication::unmet,
    title::Title,
};

/// Which titles editors want to see.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those that are so far.
    #[param(inline)]
    pub state: Option<Publication>,
}

/// A title in whatever state.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EditedTitleCard {
    pub id: TitleId,
    pub kind: TitleKind,
    pub slug: String,
    /// The name in the language in which it was made.
    pub original_title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Counts its changes from 1; the ETag.
    pub version: i64,
    /// How far it is.
    pub publication: Publication,
    /// Lowest age it is meant for, 0–18.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// Rules of publication that are not met.
    pub unmet: Vec<String>,
    /// The newest file for it, and what became of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Why the newest file did not become a film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Length of the film in seconds, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    pub artwork: EditedArtwork,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it became, or becomes, public.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub published_at: Option<OffsetDateTime>,
}

impl EditedTitleCard {
    /// The title at a moment.
    pub fn of(title: Title, created_at: OffsetDateTime, now: OffsetDateTime, public_url: &PublicUrl) -> Self {
        Self {
            id: title.id,
            kind: title.about.kind,
            slug: title.slug().to_owned(),
            original_title: title.about.original_title.to_string(),
            year: title.about.year.map(|year| year.0),
            version: title.version,
            publication: title.publication,
            rating: title.rating,
            unmet: unmet(&title, now).into_iter().map(|rule| rule.pointer().to_owned()).collect(),
            artwork: EditedArtwork::of(&title, now, public_url),
            duration_seconds: title.asset.map(|asset| asset.duration_seconds),
            source: title.source,
            failure: title.failure,
            created_at,
            published_at: title.published_at,
        }
    }
}
