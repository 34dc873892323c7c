//! A source: what an upload turned out to be.

use serde::{Deserialize, Serialize};

use crate::{
    recipe::{
        colour::Colour,
        rate::Rate,
        shape::{Canvas, Turn},
        timing::Pause,
    },
    tools::container::Container,
};

/// An accepted source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// What it is wrapped in.
    pub container: Container,
    /// Whether it must be remuxed (and probed again) before anything seeks in it.
    pub needs_remux: bool,
    /// Whether its clock begins again inside the file, and by how much it goes back, in seconds.
    #[serde(default)]
    pub clock_restarts_seconds: Option<f64>,
    /// How long the film lasts, in seconds on its own clock: the longer of picture and default sound.
    pub seconds: f64,
    /// Frames until the picture itself ends, where the sound goes on: the last picture is held from there.
    #[serde(default)]
    pub held_from: Option<u64>,
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
    /// How it is made upright.
    #[serde(default)]
    pub turn: Turn,
    /// The frame that its pictures are fitted into; absent in plans of an older release.
    #[serde(default)]
    pub canvas: Option<Canvas>,
    #[serde(default)]
    pub colour: Colour,
    /// Whether pictures consist of two fields, all of them or some.
    pub is_interlaced: bool,
    /// Whether only pictures that say so themselves consist of two fields.
    #[serde(default)]
    pub is_partly_interlaced: bool,
    /// Bits per sample.
    pub bits: u8,
    /// Whether its light must be mapped to standard range (PQ or HLG).
    pub is_hdr: bool,
    /// Whether captions are hidden in the pictures.
    pub has_closed_captions: bool,
    /// How long before a chunk decoding starts, in seconds, outside [`Video::pauses`].
    pub preroll_seconds: f64,
    /// Where no new picture comes for long, in order.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// So many pictures may wait in a decoder for those shown before them.
    #[serde(default)]
    pub reordered: u64,
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
    /// Whether only its first channel is used: nobody knows where the others belong.
    #[serde(default)]
    pub is_first_channel: bool,
    /// How much its clock wobbles and recovers, in seconds.
    #[serde(default)]
    pub jitter_seconds: f64,
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
