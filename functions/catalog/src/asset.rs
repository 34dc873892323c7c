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

/// The newest file for a title, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    pub asset_id: AssetId,
    /// What the person called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    pub state: SourceState,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// It came through the inbox, and nothing was told of it since.
    Processing,
    /// A film.
    Ready,
    /// Nothing; `failure` says why.
    Failed,
}

/// What the pipeline told of an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub asset: AssetId,
    pub title: TitleId,
    /// The asset's version.
    pub sequence: i64,
    pub at: OffsetDateTime,
    /// What the person called the file.
    pub filename: Option<String>,
    pub finding: Finding,
}

/// Dropped, ready or failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Finding {
    /// It came through the inbox.
    Dropped,
    /// It can be played.
    Ready(Asset),
    /// It never will.
    Failed(Failure),
}

impl Finding {
    /// The word used in SQL.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
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
    let is_failed = |report: &&Report| matches!(report.finding, Finding::Failed(_));
    let failed = reports.iter().filter(|report| is_failed(report) && !made_good(report));
    let failure = failed.max_by_key(place).filter(|failed| film.is_none_or(|film| place(&film) < place(failed)));
    let asset = film.and_then(|report| match &report.finding {
        Finding::Ready(asset) => Some(asset.clone()),
        Finding::Failed(_) | Finding::Dropped => None,
    });
    let failure = failure.and_then(|report| match &report.finding {
        Finding::Failed(failure) => Some(failure.clone()),
        Finding::Ready(_) | Finding::Dropped => None,
    });
    (asset, failure)
}

/// The asset of which was told last, with the newest that was told of it.
pub fn newest_source(reports: &[Report]) -> Option<Source> {
    let newest = reports.iter().max_by_key(|report| (report.at, report.asset))?;
    let own = || reports.iter().filter(|report| report.asset == newest.asset);
    let last = own().max_by_key(|report| report.sequence)?;
    let state = match last.finding {
        Finding::Dropped => SourceState::Processing,
        Finding::Ready(_) => SourceState::Ready,
        Finding::Failed(_) => SourceState::Failed,
    };
    let named = own().filter(|report| report.filename.is_some()).max_by_key(|report| report.sequence);
    Some(Source { asset_id: newest.asset, filename: named.and_then(|report| report.filename.clone()), state })
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
        let filename = Some(format!("{number}.mp4"));
        Report { asset: asset(number), title: title(), sequence, at, filename, finding }
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

    #[test]
    fn the_newest_file_is_shown_with_what_became_of_it() {
        let source = |reports: &[Report]| newest_source(reports).map(|source| (source.asset_id, source.state));
        let dropped = |number, minute| Report { finding: Finding::Dropped, ..report(number, 1, minute, true) };
        assert_eq!(source(&[]), None);
        assert_eq!(source(&[dropped(1, 0)]), Some((asset(1), SourceState::Processing)));
        let (early, late) = (report(1, 3, 0, false), report(2, 2, 5, true));
        assert_eq!(source(&[dropped(1, 0), early.clone()]), Some((asset(1), SourceState::Failed)), "at one moment");
        for reports in [[late.clone(), early.clone()], [early, late]] {
            assert_eq!(source(&reports), Some((asset(2), SourceState::Ready)));
            assert_eq!(newest_source(&reports).unwrap().filename.as_deref(), Some("2.mp4"));
        }
        let nameless = Report { filename: None, ..report(1, 9, 9, true) };
        assert_eq!(newest_source(&[nameless, dropped(1, 0)]).unwrap().filename.as_deref(), Some("1.mp4"));
        assert_eq!(outcome(&[dropped(1, 0)]), (None, None), "it is neither a film nor a failure");
    }
}
