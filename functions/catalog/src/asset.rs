//! The film behind a title, as it follows from what the pipeline reported about each asset, in whatever order the reports came.

use events::Event;
use kernel::{AssetId, TitleId};
use proto::{media, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::text::Name;

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
    /// `none` or `aes-128`.
    pub protection: String,
}

impl Asset {
    /// Lines of the best picture.
    pub fn max_height(&self) -> u32 {
        self.renditions.iter().map(|rendition| rendition.height).max().unwrap_or(0)
    }
}

/// One picture size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rendition {
    /// Its name in the package.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Peak, in bits per second.
    pub bandwidth: u32,
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

/// What the pipeline tells.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The asset can be played, or failed.
    Ended(Report),
    /// A file without a title appeared: its draft gets this id.
    Dropped {
        title: TitleId,
        /// The file's name as the title's.
        name: Name,
    },
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

impl News {
    /// The title that it is about.
    pub fn title(&self) -> TitleId {
        match self {
            Self::Ended(report) => report.title,
            Self::Dropped { title, .. } => *title,
        }
    }

    /// Reads an event of the media service.
    ///
    /// # Errors
    /// Why no retry can help.
    pub fn of(event: &Event) -> Result<Self, String> {
        match event.kind.as_str() {
            types::ASSET_READY => ready(event),
            types::ASSET_FAILED => failed(event),
            types::SOURCE_DROPPED => dropped(event),
            other => Err(format!("{other} is none of this consumer's events")),
        }
    }
}

fn ended(event: &Event, title: &str, asset: AssetId, finding: Finding) -> Result<News, String> {
    let title = title.parse().map_err(|error| format!("title_id: {error}"))?;
    Ok(News::Ended(Report { asset, title, sequence: event.sequence, at: event.time, finding }))
}

fn ready(event: &Event) -> Result<News, String> {
    let data: media::AssetReady = event.data().map_err(|error| error.to_string())?;
    let asset_id: AssetId = data.asset_id.parse().map_err(|error| format!("asset_id: {error}"))?;
    let path = |path: String| Some(plain(&path)).filter(|path| !path.is_empty());
    let rendition = |from: media::Rendition| Rendition {
        name: plain(&from.name),
        width: from.width,
        height: from.height,
        bandwidth: from.bandwidth,
    };
    let asset = Asset {
        asset_id,
        duration_seconds: data.duration_seconds,
        renditions: data.renditions.into_iter().map(rendition).collect(),
        audio_languages: data.audio_languages.iter().map(|language| plain(language)).collect(),
        caption_languages: data.caption_languages.iter().map(|language| plain(language)).collect(),
        poster: path(data.poster),
        trickplay: path(data.trickplay),
        protection: if data.protection.is_empty() { "none".to_owned() } else { plain(&data.protection) },
    };
    ended(event, &data.title_id, asset_id, Finding::Ready(asset))
}

fn failed(event: &Event) -> Result<News, String> {
    let data: media::AssetFailed = event.data().map_err(|error| error.to_string())?;
    let asset_id: AssetId = data.asset_id.parse().map_err(|error| format!("asset_id: {error}"))?;
    let failure = Failure { asset_id, code: plain(&data.code), detail: plain(&data.detail) };
    ended(event, &data.title_id, asset_id, Finding::Failed(failure))
}

fn dropped(event: &Event) -> Result<News, String> {
    let data: media::SourceDropped = event.data().map_err(|error| error.to_string())?;
    let title = data.title_id.parse().map_err(|error| format!("title_id: {error}"))?;
    Ok(News::Dropped { title, name: name_of_file(&data.filename) })
}

/// Without what Postgres cannot store.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// The file's name without folders and ending.
fn name_of_file(path: &str) -> Name {
    let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name = Name::lossy(stem).or_else(|| Name::lossy(file)).or_else(|| Name::new("Untitled"));
    name.unwrap_or_else(|| unreachable!("`Untitled` is a name"))
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
    use serde_json::json;
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
                protection: "none".to_owned(),
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

    #[test]
    fn a_file_gives_its_name() {
        assert_eq!(name_of_file("inbox/My Film (2020).mp4").as_str(), "My Film (2020)");
        assert_eq!(name_of_file("C:\\films\\a.b.mkv").as_str(), "a.b");
        assert_eq!(name_of_file(".mp4").as_str(), ".mp4");
        assert_eq!(name_of_file("\u{0}").as_str(), "Untitled");
    }

    #[test]
    fn what_names_nothing_is_poison() {
        let event = |kind: &str, data| Event::new(&kernel::World::system(), kind, "x", 1, &data);
        assert!(News::of(&event(types::ASSET_READY, json!({"asset_id": asset(1), "title_id": "film"}))).is_err());
        assert!(News::of(&event(types::SOURCE_DROPPED, json!({}))).is_err());
        assert!(News::of(&event(types::TITLE_CHANGED, json!({}))).is_err());
    }
}
