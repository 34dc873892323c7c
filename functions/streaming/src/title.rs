//! What playback must know of a title, as the catalogue's events tell it.

use events::contracts::{self, CaptionTrack, MarkerKind, Rendition};
use kernel::{AssetId, policy::TitleRules};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A title's rules and the film behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Title {
    /// Version of the title; the highest wins.
    pub sequence: i64,
    pub rules: TitleRules,
    pub film: Option<Film>,
    /// What can be read along with it, whichever film it has.
    #[serde(default)]
    pub captions: Vec<CaptionTrack>,
    pub markers: Vec<Marker>,
}

/// A verified asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Film {
    pub asset: AssetId,
    /// Seconds.
    pub duration: f64,
    pub renditions: Vec<Rendition>,
    pub audio_languages: Vec<String>,
    /// Path of the sprites' index below `/media/`.
    pub trickplay: Option<String>,
}

/// A stretch that a player may offer to skip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Marker {
    /// What happens there.
    pub kind: MarkerKind,
    /// Seconds from the beginning.
    pub from: f64,
    /// Seconds from the beginning.
    pub until: f64,
}

impl From<events::Title> for Title {
    fn from(told: events::Title) -> Self {
        Self {
            sequence: told.sequence,
            rules: told.rules,
            film: told.film.map(Film::from),
            captions: told.captions,
            markers: told.markers.into_iter().map(Marker::from).collect(),
        }
    }
}

impl From<contracts::Film> for Film {
    fn from(told: contracts::Film) -> Self {
        Self {
            asset: told.asset,
            duration: told.duration_seconds,
            renditions: told.renditions,
            audio_languages: told.audio_languages,
            trickplay: told.trickplay,
        }
    }
}

impl From<contracts::Marker> for Marker {
    fn from(told: contracts::Marker) -> Self {
        Self { kind: told.kind, from: told.from_seconds, until: told.until_seconds }
    }
}
