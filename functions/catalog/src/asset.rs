//! The film behind a title, as it follows from what the pipeline reported about each asset, in whatever order the reports came.

use events::contracts::{Protection, ReadyAsset, Rendition};
use kernel::{AssetId, TitleId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A verified film, ready to play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Asset {
    pub asset_id: AssetId,
    /// Length in seconds.
    pub duration_seconds: f64,
    /// Pictures it is offered in.
    pub renditions: Vec<Rendition>,
    /// Languages that are spoken.
    pub audio_languages: Vec<String>,
    /// Languages that can be read.
    pub caption_languages: Vec<String>,
    /// Path of the poster below `/media/`.
    pub poster: Option<String>,
    /// Path of the preview pictures' index below `/media/`.
    pub trickplay: Option<String>,
    pub protection: Protection,
}

impl Asset {
    /// The film that the pipeline reports.
    pub fn new(asset_id: AssetId, ready: ReadyAsset) -> Self {
        let ReadyAsset {
            duration_seconds,
            renditions,
            audio_languages,
            caption_languages,
            poster,
            trickplay,
            protection,
        } = ready;
        Self {
            asset_id,
            duration_seconds,
            renditions,
            audio_languages,
            caption_languages,
            poster,
            trickplay,
            protection,
        }
    }

    /// Lines of the best picture.
    pub fn max_height(&self) -> u32 {
        self.renditions.iter().map(|rendition| rendition.height).max().unwrap_or(0)
    }
}

/// Why the newest upload did not become a film; for editors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    pub asset_id: AssetId,
    /// Stable, for programs.
    pub code: String,
    /// What a person can do about it.
    pub detail: String,
}

/// How an asset ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub asset: AssetId,
    pub title: TitleId,
    /// The asset's version.
    pub sequence: i64,
    pub at: OffsetDateTime,
    pub finding: Finding,
}

/// Ready or failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Finding {
    /// It can be played.
    Ready(Asset),
    /// It never will.
    Failed(Failure),
}

impl Finding {
    /// The word used in SQL.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::Failed(_) => "failed",
        }
    }
}

/// The film of a title and what went wrong since: the latest ready asset, and a failure only when it came later and was not made good.
pub fn attached(reports: &[Report]) -> (Option<Asset>, Option<Failure>) {
    let place = |report: &&Report| (report.at, report.asset);
    let is_ready = |report: &&Report| matches!(report.finding, Finding::Ready(_));
    let film = reports.iter().filter(is_ready).max_by_key(place);
    let made_good = |failed: &Report| {
        reports.iter().filter(is_ready).any(|ready| ready.asset == failed.asset && ready.sequence > failed.sequence)
    };
    let failed = reports.iter().filter(|report| !is_ready(report) && !made_good(report));
    let failure = failed.max_by_key(place).filter(|failed| film.is_none_or(|film| place(&film) < place(failed)));
    let asset = film.and_then(|report| match &report.finding {
        Finding::Ready(asset) => Some(asset.clone()),
        Finding::Failed(_) => None,
    });
    let failure = failure.and_then(|report| match &report.finding {
        Finding::Failed(failure) => Some(failure.clone()),
        Finding::Ready(_) => None,
    });
    (asset, failure)
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use time::{Duration, macros::datetime};

    use super::*;

    fn asset(number: u8) -> AssetId {
        AssetId::from_parts(OffsetDateTime::UNIX_EPOCH, [number; 10])
    }

    fn title() -> TitleId {
        TitleId::from_parts(OffsetDateTime::UNIX_EPOCH, [0; 10])
    }

    fn report(number: u8, sequence: i64, minute: i64, is_ready: bool) -> Report {
        let finding = if is_ready {
            Finding::Ready(Asset {
                asset_id: asset(number),
                duration_seconds: 1.0,
                renditions: vec![],
                audio_languages: vec![],
                caption_languages: vec![],
                poster: None,
                trickplay: None,
                protection: Protection::None,
            })
        } else {
            Finding::Failed(Failure { asset_id: asset(number), code: "broken".to_owned(), detail: String::new() })
        };
        let at = datetime!(2026-01-01 12:00 UTC) + Duration::minutes(minute);
        Report { asset: asset(number), title: title(), sequence, at, finding }
    }

    fn outcome(reports: &[Report]) -> (Option<AssetId>, Option<AssetId>) {
        let (asset, failure) = attached(reports);
        (asset.map(|asset| asset.asset_id), failure.map(|failure| failure.asset_id))
    }

    #[test]
    fn the_latest_ready_asset_is_the_film() {
        assert_eq!(outcome(&[]), (None, None));
        assert_eq!(outcome(&[report(1, 9, 1, true), report(2, 2, 5, true)]), (Some(asset(2)), None));
        assert_eq!(outcome(&[report(2, 2, 5, true), report(1, 9, 1, true)]), (Some(asset(2)), None));
    }

    #[test]
    fn a_failure_takes_nothing_away_and_is_shown_until_it_is_made_good() {
        assert_eq!(outcome(&[report(1, 3, 1, true), report(2, 3, 5, false)]), (Some(asset(1)), Some(asset(2))));
        assert_eq!(outcome(&[report(1, 3, 5, true), report(2, 3, 1, false)]), (Some(asset(1)), None));
        assert_eq!(outcome(&[report(1, 3, 1, false), report(1, 7, 5, true)]), (Some(asset(1)), None));
    }
}
