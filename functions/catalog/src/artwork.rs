//! A picture of a title: what it is for, what was made of it, and what is reported of the file that was sent for it.

use kernel::ArtworkId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::picture::{Colour, Encoding, PictureRefusal};

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
        all().find(|file| file.width >= CARD_WIDTH).or_else(|| all().next_back())
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
        reason: PictureRefusal,
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
