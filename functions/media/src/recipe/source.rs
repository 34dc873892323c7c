//! A source: what an upload turned out to be.

use serde::{Deserialize, Serialize};

use crate::{recipe::rate::Rate, tools::container::Container};

/// An accepted source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// What it is wrapped in.
    pub container: Container,
    /// Whether it must be remuxed (and probed again) before anything seeks in it.
    pub needs_remux: bool,
    /// How long the pictures last, in seconds on the film's clock.
    pub seconds: f64,
    /// How much later than the file's own clock the film's begins, in seconds: less than a frame. Without it a track
    /// that starts 21 ms before the picture (AAC does) would put every frame half-way between two of ours.
    pub origin_seconds: f64,
    /// The rate it will be shown at.
    pub rate: Rate,
    /// Whether its own pictures come at uneven times.
    pub is_variable: bool,
    /// How many frames that makes at `rate`; the encoder's last chunk has the final word.
    pub frames: u64,
    pub video: Video,
    /// The sound, in file order.
    pub audio: Vec<AudioTrack>,
    /// Captions inside the container, in file order.
    pub captions: Vec<CaptionTrack>,
    /// What was left out, for the studio.
    pub notes: Vec<String>,
}

/// The picture of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// Stream index in the file.
    pub stream: u32,
    /// `h264`, `hevc`…
    pub codec: String,
    /// Width as shown: after rotation, with square pixels.
    pub width: u32,
    /// Height as shown.
    pub height: u32,
    /// Clockwise turn that makes it upright: 0, 90, 180 or 270 degrees.
    pub rotation: u16,
    /// Whether the pixels are square in the file.
    pub has_square_pixels: bool,
    /// Whether pictures consist of two fields.
    pub is_interlaced: bool,
    /// Bits per sample.
    pub bits: u8,
    /// Whether its light must be mapped to standard range (PQ or HLG).
    pub is_hdr: bool,
    /// Whether captions are hidden in the pictures.
    pub has_closed_captions: bool,
    /// How long before a chunk decoding starts, in seconds.
    pub preroll_seconds: f64,
    /// The longest stretch without a picture that can be decoded alone, in seconds.
    pub key_gap_seconds: f64,
}

/// One audio track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// Stream index in the file.
    pub stream: u32,
    /// `aac`, `ac3`…
    pub codec: String,
    /// Channels in the source.
    pub channels: u32,
    /// BCP 47.
    pub language: String,
    /// The track's own title.
    pub title: Option<String>,
    /// Whether the file wants it played unless another is chosen.
    pub is_default: bool,
}

/// One caption track inside the container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaptionTrack {
    /// Stream index in the file.
    pub stream: u32,
    /// `subrip`, `mov_text`, `hdmv_pgs_subtitle`…
    pub codec: String,
    /// BCP 47.
    pub language: String,
    /// Whether it is text; pictures cannot become WebVTT.
    pub is_text: bool,
}
