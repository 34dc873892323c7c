//! The plan: everything about a film's encoding that is decided before the first frame is encoded. Pure and repeatable.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    recipe::{
        colour::Colour,
        ladder::{Rung, ladder},
        rate::Rate,
        shape::{Canvas, Turn},
        sound::{self, Sound},
        source::Source,
        sprites::Sprites,
        timing::Pause,
    },
    tools::container::Container,
};

/// Raised whenever the same plan would make other bytes, so that no old chunk is taken for a new one.
const RECIPE: u32 = 3;
/// Groups of pictures in a segment: six seconds.
pub const SEGMENT_GOPS: u64 = 3;
/// Groups of pictures in a chunk: one minute.
pub const CHUNK_GOPS: u64 = 30;
/// Frames compared on each side of a joint: half a group of pictures.
const PROOF_GOP_SHARE: u64 = 2;
/// What a plan is made for.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Names the bytes of the source: bucket, key and version, or a hash.
    pub source_version: String,
    /// [`crate::tools::ffmpeg::Tools::build`].
    pub encoder: String,
    /// Groups of pictures in a chunk, a multiple of [`SEGMENT_GOPS`]: the width of the fan-out.
    pub chunk_gops: u64,
}

/// How one film is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub recipe: u32,
    /// Names the bytes of the source.
    pub source_version: String,
    pub encoder: String,
    /// The container of what is read: the source or its remuxed copy.
    pub container: Container,
    /// Frames per second.
    pub rate: Rate,
    /// Frames in a group of pictures.
    pub gop: u64,
    /// Frames in a segment.
    pub segment: u64,
    /// Frames in a chunk; the last one may have fewer, or up to one segment more.
    pub chunk: u64,
    /// Frames in the film, as far as the probe could tell.
    pub frames: u64,
    pub picture: Picture,
    /// Largest first.
    pub rungs: Vec<Rung>,
    pub audio: Vec<Sound>,
    pub sprites: Sprites,
}

/// How frames are prepared before they are encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Stream index in the source.
    pub stream: u32,
    /// Weave fields into frames.
    pub deinterlace: bool,
    /// Map high dynamic range to standard.
    pub map_light: bool,
    /// Whether only pictures that say so themselves are woven.
    #[serde(default)]
    pub only_marked_fields: bool,
    /// The frame that decoded pictures are fitted into.
    #[serde(default)]
    pub canvas: Option<Canvas>,
    #[serde(default)]
    pub turn: Turn,
    /// Written on every frame.
    #[serde(default)]
    pub colour: Colour,
    /// Frames until the picture ends, where the sound goes on and the last picture is held.
    #[serde(default)]
    pub held_from: Option<u64>,
    /// Where no new picture comes for long.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// The film may be so many frames shorter than planned: they wait in the decoder for pictures that never come.
    #[serde(default)]
    pub reordered: u64,
    /// How long before a chunk decoding starts, in milliseconds, outside of pauses.
    pub preroll_ms: u64,
    /// How much later than the file's own clock the film's begins, in microseconds.
    pub origin_us: u64,
}

/// One chunk of the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Position in the film.
    pub index: u64,
    pub first: u64,
    /// How many frames; `None` for a last chunk that goes on to the end of the picture.
    pub frames: Option<u64>,
    pub first_segment: u64,
    /// Names its bytes: source, frames, encoder, parameters and threads.
    pub hash: String,
}

impl Plan {
    /// Plans a film. The same source and options always give the same plan.
    pub fn new(source: &Source, options: &PlanOptions) -> Plan {
        let rate = source.rate;
        let gop = rate.gop_frames();
        let chunk_gops = (options.chunk_gops.max(SEGMENT_GOPS) / SEGMENT_GOPS) * SEGMENT_GOPS;
        Plan {
            recipe: RECIPE,
            source_version: options.source_version.clone(),
            encoder: options.encoder.clone(),
            container: source.container,
            rate,
            gop,
            segment: SEGMENT_GOPS * gop,
            chunk: chunk_gops * gop,
            frames: source.frames,
            picture: Picture {
                stream: source.video.stream,
                deinterlace: source.video.is_interlaced,
                only_marked_fields: source.video.is_partly_interlaced,
                canvas: source.video.canvas.clone(),
                turn: source.video.turn,
                colour: source.video.colour.clone(),
                held_from: source.held_from,
                pauses: source.video.pauses.clone(),
                reordered: source.video.reordered,
                map_light: source.video.is_hdr,
                preroll_ms: (source.video.preroll_seconds * 1000.0).ceil() as u64,
                origin_us: (source.origin_seconds * 1e6).round() as u64,
            },
            rungs: ladder(source.video.width, source.video.height, rate),
            audio: sound::renditions(&source.audio),
            sprites: Sprites::of(source),
        }
    }

    /// How many chunks there are. What is left after the last whole chunk joins it unless it fills a segment:
    /// a container that is a few frames off must not make an empty chunk.
    pub fn chunks(&self) -> u64 {
        let whole = self.frames / self.chunk;
        let is_worth_a_chunk = self.frames % self.chunk > self.segment;
        (whole + u64::from(is_worth_a_chunk)).max(1)
    }

    /// The chunk at `index`; `None` beyond the end.
    pub fn chunk(&self, index: u64) -> Option<Chunk> {
        if index >= self.chunks() {
            return None;
        }
        let first = index * self.chunk;
        let frames = match self.picture.held_from {
            _ if index + 1 < self.chunks() => Some(self.chunk),
            Some(_) => Some(self.frames - first),
            None => None,
        };
        let hash = self.hash(&serde_json::json!({
            "first": first, "frames": frames, "picture": self.picture, "rungs": self.rungs, "gop": self.gop,
        }));
        Some(Chunk { index, first, frames, first_segment: first / self.segment, hash })
    }

    /// Names the bytes of an audio rendition.
    pub fn sound_hash(&self, sound: &Sound) -> String {
        self.hash(&serde_json::json!({
            "stream": sound.stream, "channels": sound.channels, "kbps": sound.kbps, "frames": self.frames,
            "segment": self.segment, "origin": self.picture.origin_us, "first_channel": sound.is_first_channel,
        }))
    }

    /// Names the bytes of the seek pictures.
    pub fn sprites_hash(&self) -> String {
        self.hash(&serde_json::json!({ "sprites": self.sprites, "picture": self.picture, "frames": self.frames }))
    }

    /// Names everything that decides what the film looks and sounds like; part of the seam proof.
    pub fn parameters(&self) -> String {
        self.hash(&serde_json::to_value(self).unwrap_or_default())
    }

    /// Frames compared on each side of a joint.
    pub fn proof_frames(&self) -> u64 {
        (self.gop / PROOF_GOP_SHARE).max(1)
    }

    /// How long the film lasts, in seconds, as far as the probe could tell.
    pub fn seconds(&self) -> f64 {
        self.rate.seconds(self.frames)
    }

    /// The frame from which the last picture may have to be held within `frames` from `first` on, and how many frames
    /// must be made from there; `None` where the picture goes on.
    pub(crate) fn held(&self, first: u64, frames: Option<u64>) -> Option<(u64, u64)> {
        let from = self.picture.held_from?;
        let end = frames.map_or(self.frames, |frames| first + frames);
        // The last picture is decoded once more where a chunk begins after it.
        let start = first.min(from.saturating_sub(2));
        (end > from.saturating_sub(2)).then_some((start, end - start))
    }

    /// How much later than the file's own clock the film's begins, in seconds.
    pub(crate) fn origin(&self) -> f64 {
        self.picture.origin_us as f64 / 1e6
    }

    fn hash(&self, what: &serde_json::Value) -> String {
        let key = serde_json::json!([self.recipe, self.source_version, self.encoder, self.rate, what]);
        hex::encode(&Sha256::digest(key.to_string().as_bytes())[..16])
    }
}

#[cfg(test)]
mod tests;
