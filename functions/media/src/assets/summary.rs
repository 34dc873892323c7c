//! What an asset says of its finished film.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::film::ledger::Stored;

/// One quality of a finished film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quality {
    /// The rendition's folder: `v720`.
    pub name: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Peak with sound, in bit/s.
    pub bandwidth: u64,
}

/// What a finished film is; from the packager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilmSummary {
    /// Its length.
    pub seconds: f64,
    /// Largest first.
    pub renditions: Vec<Quality>,
    /// BCP 47, in file order.
    pub audio_languages: Vec<String>,
    /// What of the source could not be decoded.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The poster, under the asset's prefix.
    #[serde(default)]
    pub poster: Option<Stored>,
    /// The index of the seek pictures, under the asset's prefix.
    #[serde(default)]
    pub trickplay: Option<Stored>,
}

/// What the verifier has proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProofSummary {
    /// The encoder build.
    pub encoder: String,
    /// Names every parameter of the encoding.
    pub parameters: String,
    /// Joints between chunks; at each the encoded frames equal those of a continuous decode.
    pub joints: u64,
    /// Frames compared over all joints.
    pub frames_compared: u64,
    /// Files read and compared with the ledger, byte by byte.
    pub files_read: u64,
    /// Bytes of these files.
    pub bytes_read: u64,
    /// SHA-256 over the full proof, which lies beside the film.
    pub sha256: String,
}
