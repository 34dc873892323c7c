//! Why a file does not become a picture.

use image::{ImageError, error::LimitErrorKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{LONGEST_SIDE, MOST_BYTES, SHORTEST_SIDE};

/// Why a file does not become a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PictureRefusal {
    /// By its content, neither JPEG nor PNG nor WebP.
    #[error("not a picture")]
    NotAPicture,
    /// Too many bytes.
    #[error("too large")]
    TooLarge,
    /// Too many pixels, or a side that is too long.
    #[error("too many pixels")]
    TooManyPixels,
    /// A side that is too short.
    #[error("too small")]
    TooSmall,
    /// It ends before the picture does.
    #[error("truncated")]
    Truncated,
    /// Something follows the picture.
    #[error("trailing data")]
    TrailingData,
    /// More pictures than one.
    #[error("animated")]
    Animated,
    /// Decoding it takes too long.
    #[error("too complex")]
    TooComplex,
    /// No decoder can read it.
    #[error("unreadable")]
    Unreadable,
}

impl PictureRefusal {
    /// What happened, and what an editor can do about it.
    pub fn detail(self) -> String {
        match self {
            Self::NotAPicture => {
                "The file is no JPEG, PNG or WebP picture. Save it as one of these, and upload that.".to_owned()
            }
            Self::TooLarge => {
                format!("The file has more than {} MiB. Save it with less quality or fewer pixels.", MOST_BYTES >> 20)
            }
            Self::TooManyPixels => {
                format!(
                    "The picture has more than 50 megapixels, or a side of more than {LONGEST_SIDE}. Upload a smaller one."
                )
            }
            Self::TooSmall => {
                format!("The picture has a side of less than {SHORTEST_SIDE} pixels. Upload a larger one.")
            }
            Self::Truncated => {
                "The file ends in the middle of the picture. Upload it again, or save it anew.".to_owned()
            }
            Self::TrailingData => {
                "Something follows the picture in the file. Save it anew as a plain picture.".to_owned()
            }
            Self::Animated => "The picture moves. Upload one that does not.".to_owned(),
            Self::TooComplex => "The picture is stored in too many passes. Save it anew as a plain picture.".to_owned(),
            Self::Unreadable => "The picture cannot be read. Save it anew, and upload that.".to_owned(),
        }
    }
}

impl From<ImageError> for PictureRefusal {
    fn from(error: ImageError) -> Self {
        tracing::info!(%error, "a picture cannot be decoded");
        match error {
            ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::DimensionError) => Self::TooManyPixels,
            ImageError::Limits(_) => Self::TooComplex,
            _ => Self::Unreadable,
        }
    }
}
