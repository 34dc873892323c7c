//! The pictures of a title, as they follow from what was reported about each upload, in whatever order the reports came.

use std::collections::BTreeMap;

use kernel::ArtworkId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    artwork::{ArtworkKind, Finding, Picture},
    picture::PictureRefusal,
};

/// How long the file of an upload can be sent.
pub const LIFETIME: Duration = Duration::minutes(15);
/// A file that was sent in time may be reported much later: S3 tries a function that fails for six hours.
pub const LATEST_REPORT: Duration = Duration::DAY;
/// Uploads of a title that are no picture, whatever became of them, within a day.
pub const MOST_UPLOADS: usize = 30;
/// How long pictures stay after they were replaced: other services, pages and caches still name them.
pub const KEPT: Duration = Duration::DAY;

/// An upload of a title's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub id: ArtworkId,
    /// The later of two was begun later.
    pub number: i64,
    pub kind: ArtworkKind,
    /// Until when its file can be sent.
    pub expires_at: OffsetDateTime,
    pub finding: Option<Finding>,
}

impl Upload {
    /// Whether it became a picture.
    pub fn is_ready(&self) -> bool {
        self.picture().is_some()
    }

    fn picture(&self) -> Option<&Picture> {
        match &self.finding {
            Some(Finding::Ready(picture)) => Some(picture),
            Some(Finding::Refused { .. }) | None => None,
        }
    }
}

/// The pictures of a title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pictures {
    /// The picture of each kind.
    #[serde(flatten)]
    pub shown: BTreeMap<ArtworkKind, Picture>,
    /// The latest upload of each kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uploads: BTreeMap<ArtworkKind, Latest>,
}

/// The latest upload of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    pub upload_id: ArtworkId,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    pub state: UploadState,
    /// Why it did not become a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<PictureRefusal>,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Its file is not there, or not yet looked at.
    Waiting,
    /// It is the picture.
    Ready,
    /// Its file is no picture that can be shown; the one before it stays.
    Refused,
    /// No file came in time, or none that could be looked at.
    Expired,
}

impl Pictures {
    /// The pictures that follow from the uploads: of each kind the latest that became one.
    pub fn of(uploads: &[Upload]) -> Self {
        let mut ordered: Vec<&Upload> = uploads.iter().collect();
        ordered.sort_by_key(|upload| upload.number);
        let mut pictures = Self::default();
        for upload in ordered {
            if let Some(picture) = upload.picture() {
                pictures.shown.insert(upload.kind, picture.clone());
            }
            pictures.uploads.insert(upload.kind, Latest::of(upload));
        }
        pictures
    }

    /// Whether the title has neither a picture nor an upload.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Latest {
    fn of(upload: &Upload) -> Self {
        let (state, reason) = match &upload.finding {
            None => (UploadState::Waiting, None),
            Some(Finding::Ready(_)) => (UploadState::Ready, None),
            Some(Finding::Refused { reason }) => (UploadState::Refused, Some(*reason)),
        };
        Self { upload_id: upload.id, expires_at: upload.expires_at, state, reason }
    }

    /// How far it is at a moment.
    pub fn state_at(&self, now: OffsetDateTime) -> UploadState {
        let is_over = self.state == UploadState::Waiting && now >= self.expires_at + LIFETIME;
        if is_over { UploadState::Expired } else { self.state }
    }
}

/// The uploads that can no longer matter: a later one of their kind is the picture, or nobody can report them any more and there is a later one.
pub fn superseded(uploads: &[Upload], now: OffsetDateTime) -> Vec<ArtworkId> {
    let has_later = |upload: &Upload, is: &dyn Fn(&Upload) -> bool| {
        uploads.iter().any(|other| other.kind == upload.kind && other.number > upload.number && is(other))
    };
    let is_over = |upload: &Upload| {
        let is_late = now >= upload.expires_at + LATEST_REPORT;
        has_later(upload, &|other| other.picture().is_some())
            || (is_late && upload.picture().is_none() && has_later(upload, &|_| true))
    };
    uploads.iter().filter(|upload| is_over(upload)).map(|upload| upload.id).collect()
}

#[cfg(test)]
#[path = "pictures_tests.rs"]
mod tests;
