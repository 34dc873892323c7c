//! An episode as the list of its series shows it.

use kernel::{
    Languages, TitleId, nearest,
    policy::{Audience, Refusal, leaving_soon_at, may_watch_once_paid},
};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{draft::Marker, store::episodes::EpisodeRow};

/// An episode in the caller's language.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    pub id: TitleId,
    pub slug: String,
    pub season_id: TitleId,
    /// Number of the season; 0 for specials.
    pub season: i32,
    /// Its place in the season.
    pub number: i32,
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synopsis: Option<String>,
    /// Lowest age it is meant for, 0–18.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster_url: Option<String>,
    /// Length in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Opening and closing titles and the like.
    pub markers: Vec<Marker>,
    /// Whether this caller can watch it with a plan that includes it.
    pub playable: bool,
    /// Why it cannot be watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<Refusal>,
    /// When it stops being offered where the caller is, if that is within 30 days.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub leaving_at: Option<OffsetDateTime>,
}

impl Episode {
    /// The episode for a reader.
    pub(crate) fn of(
        row: EpisodeRow,
        (audience, reader): (&Audience, &Languages),
        now: OffsetDateTime,
        public_url: &PublicUrl,
    ) -> Self {
        let EpisodeRow { season_id, season, number, title, rules, .. } = row;
        let why_not = may_watch_once_paid(&rules, audience, now).err();
        let text = nearest(&title.about.localisations, reader).map(|(_, text)| text);
        Self {
            id: title.id,
            slug: title.slug().to_owned(),
            season_id,
            season,
            number,
            name: text.map_or(&title.about.original_title, |text| &text.name).to_string(),
            synopsis: text.and_then(|text| text.synopsis.as_ref()).map(ToString::to_string),
            rating: rules.rating,
            poster_url: title.poster().map(|path| public_url.media(path)),
            duration_seconds: title.asset.as_ref().map(|asset| asset.duration_seconds),
            playable: why_not.is_none(),
            why_not,
            leaving_at: leaving_soon_at(&rules, &audience.territory, now),
            markers: title.about.markers,
        }
    }
}
