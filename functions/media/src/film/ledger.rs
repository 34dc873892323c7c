//! The ledger: what every worker notes about the files it made, so that no later job has to read them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::film::damage::Damage;

/// A file that was made and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// In the work folder.
    pub path: PathBuf,
    /// Under the asset's prefix: `v720/{hash}/000012.m4s`.
    pub key: String,
    /// For the object's metadata.
    pub content_type: &'static str,
}

/// One stored object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Under the asset's prefix.
    pub key: String,
    pub bytes: u64,
    /// Hash of its bytes, in hex.
    pub sha256: String,
}

/// What one chunk worker made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRow {
    /// Position in the film.
    pub index: u64,
    pub first: u64,
    pub frames: u64,
    /// Names its bytes.
    pub hash: String,
    /// The encoder build that made them.
    pub encoder: String,
    /// One per rung, in the plan's order.
    pub tracks: Vec<TrackRow>,
    /// Hash over the hashes of all frames that went into the encoders.
    pub pictures: String,
    /// Hashes of the first frames that went into the encoders.
    pub head: Vec<String>,
    /// Hashes of the last frames that went into the encoders; empty for the last chunk.
    pub tail: Vec<String>,
    /// What of the source could not be decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<Damage>,
}

/// What an audio worker made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundRow {
    /// Names its bytes.
    pub hash: String,
    /// The encoder build that made them.
    pub encoder: String,
    pub track: TrackRow,
    /// What of the source could not be decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<Damage>,
}

/// What the sprite worker made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpritesRow {
    /// Names its bytes.
    pub hash: String,
    /// Sheets of seek pictures, in order.
    pub sheets: Vec<Sheet>,
    /// The WebVTT index over the sheets.
    pub index: Stored,
    pub poster: Stored,
}

/// One sheet of seek pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The JPEG.
    #[serde(flatten)]
    pub file: Stored,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The files of one rendition, or of one chunk of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackRow {
    /// The rendition's folder: `v720`, `a0`.
    pub rendition: String,
    pub init: Stored,
    /// RFC 6381.
    pub codec: String,
    /// Pixels; zero for sound.
    pub width: u32,
    /// Pixels; zero for sound.
    pub height: u32,
    /// Ticks per second.
    pub timescale: u32,
    pub segments: Vec<SegmentRow>,
}

/// One media segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRow {
    /// Position in the film.
    pub number: u64,
    /// The object.
    #[serde(flatten)]
    pub file: Stored,
    /// Decoding time of its first sample, in ticks.
    pub tfdt: u64,
    /// Duration in ticks.
    pub ticks: u64,
    /// Frames, or AAC frames.
    pub samples: u64,
    /// Its groups of pictures; empty for sound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRow>,
}

/// One group of pictures: a fragment that begins with an IDR picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// Where its moof begins in the segment.
    pub offset: u64,
    /// From there to the end of the IDR picture.
    pub idr_bytes: u64,
    /// Size of moof and mdat.
    pub bytes: u64,
    /// Duration in ticks.
    pub ticks: u64,
    pub frames: u64,
}

impl TrackRow {
    /// Duration of all segments in ticks.
    pub fn ticks(&self) -> u64 {
        self.segments.iter().map(|segment| segment.ticks).sum()
    }

    /// Size of all segments in bytes.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.file.bytes).sum()
    }

    /// Frames, or AAC frames, of all segments.
    pub fn samples(&self) -> u64 {
        self.segments.iter().map(|segment| segment.samples).sum()
    }

    /// Duration in seconds.
    pub fn seconds(&self) -> f64 {
        self.ticks() as f64 / f64::from(self.timescale)
    }
}

/// An object with its hash.
pub(crate) fn stored(key: String, bytes: &[u8]) -> Stored {
    use sha2::Digest;
    Stored { key, bytes: bytes.len() as u64, sha256: hex::encode(sha2::Sha256::digest(bytes)) }
}
