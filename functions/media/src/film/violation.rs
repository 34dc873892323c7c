//! Violations: what keeps a film from being shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Everything planned is there.
    Complete,
    /// Init segments of a rendition are identical.
    Init,
    /// Every segment begins where the one before ends.
    Continuity,
    /// Every group of pictures begins with an IDR picture.
    Idr,
    /// IDR pictures lie at the same times on all rungs.
    Alignment,
    /// Picture and sound are as long as the film, segments as long as their target.
    Length,
    /// Stored bytes are those in the ledger.
    Bytes,
    Seam,
    /// Playlists say what they must.
    Playlist,
    /// Declared bit rates are the real ones.
    Bandwidth,
    /// There is a variant for 192 kbit/s.
    LowVariant,
    /// Pictures have the planned size, not above the source.
    PictureSize,
    PixelShape,
    /// What is heard is what the source has at that moment.
    Sound,
    /// Pictures say what their numbers mean.
    Colour,
    /// Seek pictures and their index fit together.
    Sprites,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    pub check: Check,
    /// The rendition, chunk or file.
    pub place: String,
    /// What was found there.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(check: Check, place: impl Into<String>, detail: impl Into<String>) -> Violation {
        Violation { check, place: place.into(), detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The hash in a key tells an editor nothing.
        let is_hash = |part: &&str| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let place: Vec<&str> = self.place.split('/').filter(|part| !is_hash(part)).collect();
        write!(f, "{}: {}", place.join(" "), self.detail)
    }
}
