//! One caption track of a title: the newest file that an editor announced for it, and what viewers are offered meanwhile.

use events::contracts::CaptionKind;
use kernel::{TitleId, UploadId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::{language::Language, refusal::Refusal};

/// So long a file may be sent to the address that was given for it.
pub const LINK_LIFETIME: Duration = Duration::minutes(15);
/// Where editors' files arrive in bucket `uploads`, and where WebVTT lies in bucket `media`.
pub const PREFIX: &str = "captions/";

/// Which track: there is one for each language and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackName {
    pub language: Language,
    pub kind: CaptionKind,
}

/// A track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    pub name: TrackName,
    /// The newest file.
    pub file: File,
    /// What viewers are offered: the newest file that could be converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offered>,
}

/// A file that was announced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    pub upload_id: UploadId,
    #[serde(with = "time::serde::rfc3339")]
    pub announced_at: OffsetDateTime,
    /// What was made of it, once it has arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// What was made of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The version of the object that was read: another one under the same key is another file.
    pub identity: String,
    /// Why it cannot be shown; absent when it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// WebVTT that viewers are offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Of the object in bucket `media`.
    pub key: String,
    /// How many captions it has.
    pub cues: usize,
}

/// How far a track is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrackState {
    /// Its newest file has not arrived or is being converted.
    Waiting,
    /// Its newest file never arrived.
    Expired,
    /// Its newest file is what viewers are offered.
    Ready,
    /// Its newest file cannot be used; `refusal` says why.
    Refused,
}

impl File {
    /// Where it may be sent no longer.
    pub fn expires_at(&self) -> OffsetDateTime {
        self.announced_at + LINK_LIFETIME
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        self.outcome.as_ref()?.refusal.as_ref()
    }
}

impl Track {
    pub fn state(&self, now: OffsetDateTime) -> TrackState {
        match &self.file.outcome {
            Some(outcome) if outcome.refusal.is_some() => TrackState::Refused,
            Some(_) => TrackState::Ready,
            // A file that was sent in the last moment is converted a moment later.
            None if now >= self.file.expires_at() + Duration::MINUTE => TrackState::Expired,
            None => TrackState::Waiting,
        }
    }
}

impl TrackName {
    /// How a player lists it; no two tracks of a title are listed alike.
    pub fn shown(&self) -> String {
        let language = self.language.own_name();
        match self.kind {
            CaptionKind::Subtitles => language,
            CaptionKind::Captions => format!("{language} [CC]"),
            CaptionKind::Forced => format!("{language} [!]"),
        }
    }
}

/// The key of an editor's file in bucket `uploads`.
pub fn source_key(title: TitleId, upload: UploadId) -> String {
    format!("{PREFIX}{title}/{upload}")
}

/// The title and the upload that a key belongs to.
pub fn of_key(key: &str) -> Option<(TitleId, UploadId)> {
    let (title, upload) = key.strip_prefix(PREFIX)?.split_once('/')?;
    Some((title.parse().ok()?, upload.parse().ok()?))
}

/// The key of the WebVTT made of an upload: the same bytes have the same name, and nothing else has it.
pub fn webvtt_key(title: TitleId, upload: UploadId, text: &str) -> String {
    let digest = Sha256::digest(format!("{upload}\0{text}").as_bytes());
    format!("{PREFIX}{title}/{}/captions.vtt", hex::encode(&digest[..16]))
}
