//! The pictures of a title, as they follow from what was reported about each upload, in whatever order the reports came.

use std::collections::BTreeMap;

use kernel::ArtworkId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::picture::{Colour, Encoding, Refusal};

/// How long the file of an upload can be sent.
pub const LIFETIME: Duration = Duration::minutes(15);
/// A file that was sent in time may be reported much later: S3 tries a function that fails for six hours.
pub const LATEST_REPORT: Duration = Duration::DAY;
/// Uploads of a title that are no picture, whatever became of them, within a day.
pub const MOST_UPLOADS: usize = 30;
/// How long pictures stay after they were replaced: other services, pages and caches still name them.
pub const KEPT: Duration = Duration::DAY;
/// As many as [`ArtworkKind::widths`] has at most, in both encodings.
const MOST_FILES: usize = 8;
/// Base64 of 25 bytes.
const LONGEST_PLACEHOLDER: usize = 36;
/// What lists show is at least so wide, if there is a picture that wide.
const CARD_WIDTH: u32 = 400;

/// What a picture is for. A title has at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArtworkKind {
    /// For lists; upright, as a rule.
    Poster,
    /// Behind the page of a title.
    Backdrop,
    /// The name as it is drawn; may be transparent.
    Logo,
}

impl ArtworkKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Poster, Self::Backdrop, Self::Logo];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poster => "poster",
            Self::Backdrop => "backdrop",
            Self::Logo => "logo",
        }
    }

    /// Pixels, ascending: a card, a card on a dense screen, a page.
    pub fn widths(self) -> &'static [u32] {
        match self {
            Self::Poster => &[240, 480, 960],
            Self::Backdrop => &[640, 1280, 1920],
            Self::Logo => &[240, 480, 800],
        }
    }
}

/// The kind of the text is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be poster, backdrop or logo")]
pub struct UnknownKind;

impl std::str::FromStr for ArtworkKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

/// A picture that was made from an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    pub upload_id: ArtworkId,
    /// Pixels of the largest.
    pub width: u32,
    /// Pixels of the largest.
    pub height: u32,
    /// ThumbHash, base64.
    pub placeholder: String,
    /// How its colours came to be sRGB.
    pub colour: Colour,
    /// Path below `/media/` of the one that lists show.
    pub card: String,
    /// The narrowest first.
    pub files: Vec<PictureFile>,
}

/// A picture in one width and encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureFile {
    /// Below `/media/`.
    pub path: String,
    pub width: u32,
    pub height: u32,
    pub encoding: Encoding,
}

impl Picture {
    /// What lists show: the narrowest JPEG that is wide enough, else the widest. JPEG, because mails and old televisions show it too.
    pub fn card_of(files: &[PictureFile]) -> Option<&PictureFile> {
        let all = || files.iter().filter(|file| file.encoding == Encoding::Jpeg);
        all().find(|file| file.width >= CARD_WIDTH).or_else(|| all().last())
    }

    /// Whether it can be of this upload and kind. Whoever decodes what strangers send is not believed.
    fn is_plausible(&self, upload: ArtworkId, kind: ArtworkKind) -> bool {
        let most = kind.widths().last().copied().unwrap_or_default();
        let fits = |width: u32, height: u32| {
            (1..=most).contains(&width) && (1..=crate::picture::LONGEST_SIDE).contains(&height)
        };
        let below = folder(upload);
        let is_file = |file: &PictureFile| {
            let named = file
                .path
                .strip_prefix(&below)
                .and_then(|name| name.strip_suffix(&format!(".{}", file.encoding.extension())));
            named.is_some_and(is_digest) && fits(file.width, file.height)
        };
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        self.upload_id == upload
            && fits(self.width, self.height)
            && (1..=MOST_FILES).contains(&self.files.len())
            && self.files.iter().all(is_file)
            && Self::card_of(&self.files).is_some_and(|card| card.path == self.card)
            && self.placeholder.len() <= LONGEST_PLACEHOLDER
            && self.placeholder.bytes().all(is_base64)
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The folder below `/media/` of everything that is made from an upload.
pub fn folder(upload: ArtworkId) -> String {
    format!("artwork/{upload}/")
}

/// The name of an upload's file, among uploads.
pub fn source_key(upload: ArtworkId, kind: ArtworkKind) -> String {
    format!("pictures/{}/{upload}", kind.as_str())
}

/// The upload that a name belongs to.
pub fn upload_of(key: &str) -> Option<(ArtworkId, ArtworkKind)> {
    let (kind, id) = key.strip_prefix("pictures/")?.split_once('/')?;
    Some((id.parse().ok()?, kind.parse().ok()?))
}

/// What became of the file of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Finding {
    /// It can be shown.
    Ready(Picture),
    /// It cannot.
    Refused {
        /// Why.
        reason: Refusal,
    },
}

impl Finding {
    /// Whether it is a picture.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }
}

/// What is told of a file that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub upload_id: ArtworkId,
    /// The later of two files that were sent to one address has the higher one.
    pub rank: String,
    pub finding: Finding,
}

impl Report {
    /// Whether it can be of an upload of this kind.
    pub fn is_plausible(&self, kind: ArtworkKind) -> bool {
        let is_rank = self.rank.len() <= 1100 && self.rank.bytes().all(|byte| byte.is_ascii_graphic());
        is_rank
            && match &self.finding {
                Finding::Ready(picture) => picture.is_plausible(self.upload_id, kind),
                Finding::Refused { .. } => true,
            }
    }
}

/// The rank of a file by what S3 tells of it.
pub fn rank(sequencer: Option<&str>, version: Option<&str>) -> String {
    // Sequencers are hexadecimal and compare as text when they are of one length.
    let sequencer = sequencer.unwrap_or_default();
    format!("{sequencer:0>64}.{}", version.unwrap_or_default())
}

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
    pub reason: Option<Refusal>,
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
#[path = "artwork_tests.rs"]
mod tests;
