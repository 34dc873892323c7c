//! `cinema.media.asset_ready.v1`, `asset_failed.v1` and `source_dropped.v1`: what the pipeline tells of a film.

use kernel::{AssetId, TitleId};
use proto::{media, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{
    ContractError,
    fields::{data, line, lines, parse, parse_optional, path, seconds, subject, words},
};
use crate::Event;

/// An asset as the pipeline tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// The title that it is for.
    pub title: TitleId,
    /// When this was so.
    pub at: OffsetDateTime,
    /// What the person called the file, perhaps with folders; absent in events of before it was told.
    pub filename: Option<String>,
    /// What happened.
    pub news: AssetNews,
}

/// What happened to an asset.
#[derive(Debug, Clone, PartialEq)]
pub enum AssetNews {
    /// It can be played.
    Ready(ReadyAsset),
    /// It never will.
    Failed {
        /// Stable, for programs.
        code: String,
        /// What a person can do about it.
        detail: String,
    },
    /// It is a file without a title that came into the inbox.
    Dropped,
}

/// A verified film.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadyAsset {
    /// Its length.
    pub duration_seconds: f64,
    /// The pictures it is offered in.
    pub renditions: Vec<Rendition>,
    /// Languages of the sound.
    pub audio_languages: Vec<String>,
    /// Languages of the captions.
    pub caption_languages: Vec<String>,
    /// Path of the poster below `/media/`.
    pub poster: Option<String>,
    /// Path of the preview pictures' index below `/media/`.
    pub trickplay: Option<String>,
    /// How it is encrypted.
    pub protection: Protection,
}

/// A picture size that a film is offered in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rendition {
    /// Its name in the package.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In lines.
    pub height: u32,
    /// Peak, in bits per second.
    pub bandwidth: u32,
}

words! {
    /// How a film is encrypted.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    Protection {
        /// Not at all.
        #[default]
        None = "none",
        /// HLS AES-128: whole segments.
        Aes128 = "aes-128",
    }
}

impl Asset {
    /// Reads any of the pipeline's events.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        match event.kind.as_str() {
            types::ASSET_FAILED => {
                let data: media::AssetFailed = data(event, &[types::ASSET_FAILED])?;
                let news = AssetNews::Failed { code: line(&data.code), detail: line(&data.detail) };
                Self::of(event, (&data.asset_id, &data.title_id, &data.filename), news)
            }
            types::SOURCE_DROPPED => {
                let data: media::SourceDropped = data(event, &[types::SOURCE_DROPPED])?;
                Self::of(event, (&data.asset_id, &data.title_id, &data.filename), AssetNews::Dropped)
            }
            _ => {
                let data: media::AssetReady = data(event, &[types::ASSET_READY])?;
                let news = AssetNews::Ready(ready(&data)?);
                Self::of(event, (&data.asset_id, &data.title_id, &data.filename), news)
            }
        }
    }

    fn of(event: &Event, (asset, title, filename): (&str, &str, &str), news: AssetNews) -> Result<Self, ContractError> {
        let (id, title) = (subject(event, "asset_id", asset)?, parse("title_id", title)?);
        let filename = Some(line(filename)).filter(|filename| !filename.is_empty());
        Ok(Self { id, sequence: event.sequence, title, at: event.time, filename, news })
    }
}

fn ready(data: &media::AssetReady) -> Result<ReadyAsset, ContractError> {
    let rendition = |from: &media::Rendition| Rendition {
        name: line(&from.name),
        width: from.width,
        height: from.height,
        bandwidth: from.bandwidth,
    };
    Ok(ReadyAsset {
        duration_seconds: seconds("duration_seconds", data.duration_seconds)?,
        renditions: data.renditions.iter().map(rendition).collect(),
        audio_languages: lines(&data.audio_languages),
        caption_languages: lines(&data.caption_languages),
        poster: path(&data.poster),
        trickplay: path(&data.trickplay),
        protection: parse_optional("protection", &data.protection)?.unwrap_or_default(),
    })
}
