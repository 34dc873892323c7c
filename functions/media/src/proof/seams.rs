//! The seam proof: the frames that were encoded in pieces are those of one continuous decode, all of them in films up to
//! ten minutes, at every joint in longer ones, and what was encoded plays through the joint without a missing, doubled or
//! misplaced frame.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    encode::{
        hashes,
        picture::{decoding, prepared},
    },
    film::ledger::ChunkRow,
    recipe::plan::Plan,
    tools::{boxes, container::Container, error::MediaError, ffmpeg::Tools, input::Input, limits::Limits},
};

/// Films up to this length are decoded once from the first frame to the last, without a single seek.
const WHOLE_DECODE_SECONDS: f64 = 600.0;

/// A decoder that has lost its place takes so long to find it again.
const AROUND_DAMAGE_MS: u64 = 500;

/// The proof, stored with the asset and shown in the studio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeamProof {
    pub encoder: String,
    /// Names every parameter of the encoding.
    pub parameters: String,
    /// Frames compared on each side of a joint.
    pub frames_each_side: u64,
    pub reference: Reference,
    /// One per joint; none for a film of one chunk.
    pub joints: Vec<Joint>,
    /// Chunks with a frame anywhere that the decode of the whole film does not have there: empty, or the film must not be
    /// shown. Only with that reference.
    #[serde(default)]
    pub differing_chunks: Vec<u64>,
}

/// What a continuous decode means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// One decode from the film's first frame.
    Whole,
    /// One decode per joint, running through it from well before.
    Windows,
}

/// Where one chunk ends and the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joint {
    /// First frame of the later chunk.
    pub frame: u64,
    pub compared: u64,
    /// Hash over the frame hashes of the two chunks.
    pub chunked: String,
    /// Hash over the frame hashes of the continuous decode.
    pub continuous: String,
    /// Frames that differ: empty, or the film must not be shown.
    pub differing: Vec<u64>,
    /// What the encoded rungs give when they are played through the joint.
    pub played: Vec<Played>,
}

/// One rung, decoded through a joint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    pub rendition: String,
    /// Frames that should come out.
    pub expected: u64,
    /// Frames that came out.
    pub found: u64,
    /// Whether each began exactly one frame after the one before.
    pub is_evenly_spaced: bool,
    /// What the decoder complained about; empty when all is well.
    pub complaints: String,
}

impl Joint {
    /// Whether nothing is wrong here.
    pub fn holds(&self) -> bool {
        let is_played = |played: &Played| {
            played.is_evenly_spaced && played.expected == played.found && played.complaints.is_empty()
        };
        self.differing.is_empty() && self.chunked == self.continuous && self.played.iter().all(is_played)
    }
}

impl SeamProof {
    /// Whether every joint of the plan is there and holds.
    pub fn holds(&self, plan: &Plan) -> bool {
        let expected: Vec<u64> = (1..plan.chunks()).map(|index| index * plan.chunk).collect();
        let proven: Vec<u64> = self.joints.iter().map(|joint| joint.frame).collect();
        expected == proven
            && self.encoder == plan.encoder
            && self.parameters == plan.parameters()
            && self.differing_chunks.is_empty()
            && self.joints.iter().all(Joint::holds)
    }
}

/// Compares what went into the encoders at every joint with a continuous decode of the source.
///
/// The joints come back without [`Played`] entries: those need the encoded bytes, see [`play_through`].
pub async fn compare_sources(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    rows: &[ChunkRow],
    folder: &Path,
    limits: Limits,
) -> Result<SeamProof, MediaError> {
    let is_short = plan.seconds() <= WHOLE_DECODE_SECONDS;
    let reference = if is_short { Reference::Whole } else { Reference::Windows };
    compare_with(tools, input, plan, rows, reference, folder, limits).await
}

/// [`compare_sources`] with a chosen reference.
pub async fn compare_with(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    rows: &[ChunkRow],
    reference: Reference,
    folder: &Path,
    limits: Limits,
) -> Result<SeamProof, MediaError> {
    let window = plan.proof_frames();
    let mut whole = BTreeMap::new();
    if reference == Reference::Whole {
        whole = continuous(tools, input, plan, Part::Whole, folder, limits).await?;
    }
    let mut joints = Vec::new();
    for pair in rows.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let found = match reference {
            Reference::Whole => &whole,
            Reference::Windows => &continuous(tools, input, plan, Part::Joint(after.first), folder, limits).await?,
        };
        let first = after.first.saturating_sub(before.tail.len() as u64);
        let chunked: Vec<&str> = before.tail.iter().chain(&after.head).map(String::as_str).collect();
        let decoded = |frame: u64| found.get(&frame).map_or("", String::as_str);
        // What cannot be decoded looks different every time; where it is, the film says so.
        let is_sound = |frame: u64| {
            let from = (plan.rate.seconds(frame) * 1000.0) as u64;
            let damages = before.damage.iter().chain(&after.damage);
            damages
                .into_iter()
                .all(|damage| from + AROUND_DAMAGE_MS < damage.from_ms || damage.to_ms + AROUND_DAMAGE_MS <= from)
        };
        let whole: Vec<(u64, &str)> = (first..).zip(chunked).filter(|(frame, _)| is_sound(*frame)).collect();
        let (frames, chunked): (Vec<u64>, Vec<&str>) = whole.into_iter().unzip();
        let continuous: Vec<&str> = frames.iter().map(|frame| decoded(*frame)).collect();
        let differing = frames.iter().zip(&chunked).filter(|(frame, hash)| decoded(**frame) != **hash);
        joints.push(Joint {
            frame: after.first,
            compared: chunked.len() as u64,
            differing: differing.map(|(frame, _)| *frame).collect(),
            chunked: hashes::digest(chunked.iter().copied()),
            continuous: hashes::digest(continuous.iter().copied()),
            played: Vec::new(),
        });
    }
    Ok(SeamProof {
        encoder: plan.encoder.clone(),
        parameters: plan.parameters(),
        frames_each_side: window,
        reference,
        joints,
        differing_chunks: if reference == Reference::Whole { differing_chunks(rows, &whole) } else { Vec::new() },
    })
}

/// Chunks whose frames are not those of `whole`. Not compared are those with damage, and those behind them: what cannot be
/// decoded looks different every time.
fn differing_chunks(rows: &[ChunkRow], whole: &BTreeMap<u64, String>) -> Vec<u64> {
    let differs = |at: usize, row: &ChunkRow| {
        let is_damaged = rows[at.saturating_sub(1)..=at].iter().any(|row| !row.damage.is_empty());
        let frames = whole.range(row.first..row.first + row.frames).map(|(_, hash)| hash.as_str());
        !is_damaged && hashes::digest(frames) != row.pictures
    };
    rows.iter().enumerate().filter(|(at, row)| differs(*at, row)).map(|(_, row)| row.index).collect()
}

enum Part {
    /// From the first frame to the last.
    Whole,
    /// Around the joint before this frame.
    Joint(u64),
}

/// Decodes without a chunk's seek and gives the hashes around the joints by frame number.
async fn continuous(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    part: Part,
    folder: &Path,
    limits: Limits,
) -> Result<BTreeMap<u64, String>, MediaError> {
    let (first, frames) = match part {
        Part::Whole => (0, None),
        Part::Joint(frame) => (frame - plan.proof_frames(), Some(2 * plan.proof_frames())),
    };
    let graph = format!("{}[frames]", prepared(plan, first, frames));
    let path = folder.join("continuous.txt");
    let mut arguments = decoding(tools, input, plan, first);
    arguments.extend(["-filter_complex".into(), graph.into()]);
    arguments.extend(hashes::writing("[frames]", &path));
    tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    let hashes = hashes::read(&path)?;
    Ok(hashes.into_iter().filter_map(|(frame, hash)| Some((u64::try_from(frame).ok()?, hash))).collect())
}

/// Decodes the last group of pictures before a joint and the first after it as a player would.
///
/// `before` and `after` are whole segments of `rendition`, `init` its init segment.
pub async fn play_through(
    tools: &Tools,
    rendition: &str,
    init: &[u8],
    before: &[u8],
    after: &[u8],
    folder: &Path,
    limits: Limits,
) -> Result<Played, MediaError> {
    let (earlier, later) = (boxes::fragments(before)?, boxes::fragments(after)?);
    let (Some(earlier), Some(later)) = (earlier.last(), later.first()) else {
        return Err(MediaError::unexpected("a segment without media"));
    };
    let expected = earlier.samples + later.samples;
    let step = earlier.ticks / earlier.samples.max(1);
    let (film, frames) = (folder.join("joint.mp4"), folder.join("joint.txt"));
    let bytes = [init, &before[earlier.range.clone()], &after[later.range.clone()]].concat();
    std::fs::write(&film, bytes).map_err(MediaError::file(&film))?;
    let input = Input::File(film);
    let mut arguments: Vec<OsString> = ["-err_detect", "explode", "-xerror"].map(OsString::from).into();
    arguments.extend(tools.open(&input, Container::Mov));
    arguments.extend(["-filter_complex", "[0:v:0]null[all]"].map(OsString::from));
    arguments.extend(hashes::writing("[all]", &frames));
    let printed = match tools.run_ffmpeg(&arguments, Some(&input), limits).await {
        Ok(printed) => printed.stderr,
        Err(MediaError::Tool { detail, .. }) => format!("failed: {detail}"),
        Err(other) => return Err(other),
    };
    let times: Vec<i64> = hashes::read(&frames).unwrap_or_default().into_iter().map(|(time, _)| time).collect();
    Ok(Played {
        rendition: rendition.to_owned(),
        expected,
        found: times.len() as u64,
        is_evenly_spaced: times.windows(2).all(|pair| pair[1] - pair[0] == step.cast_signed()),
        complaints: printed.trim().to_owned(),
    })
}
