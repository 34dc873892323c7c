//! A chunk: decodes its frames once, encodes every rung from them, and hands over finished segments with their ledger row.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use crate::encode::picture::{decoding, prepared};
use crate::encode::segments::{self, Joining, Place};
use crate::encode::{damage, hashes, muxer};
use crate::film::damage::{Damage, is_too_much, refusal};
use crate::film::ledger::{ChunkRow, Output};
use crate::recipe::plan::{Chunk, Picture, Plan, SEGMENT_GOPS};
use crate::tools::error::MediaError;
use crate::tools::ffmpeg::Tools;
use crate::tools::ffprobe::is_network;
use crate::tools::input::Input;
use crate::tools::limits::Limits;
use crate::tools::refusal::Refusal;

/// What a chunk worker has made: upload the files, then write the row.
#[derive(Debug)]
pub struct EncodedChunk {
    /// For the ledger.
    pub row: ChunkRow,
    /// To be stored under the asset's prefix.
    pub files: Vec<Output>,
}

/// Encodes one chunk of the plan inside `folder`, which must be empty. The same plan and index give the same bytes.
pub async fn encode(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    index: u64,
    folder: &Path,
    limits: Limits,
) -> Result<EncodedChunk, MediaError> {
    let chunk = plan.chunk(index).ok_or_else(|| MediaError::unexpected(format!("there is no chunk {index}")))?;
    let build = tools.build().await?;
    if build != plan.encoder {
        return Err(MediaError::Encoder { planned: plan.encoder.clone(), found: build });
    }
    let work = Work { tools, input, plan, limits };
    let made = work.encode(&chunk, folder).await;
    if matches!(&made, Ok((_, complaints)) if complaints.is_empty())
        || matches!(&made, Err(error) if !is_about_frames(error))
    {
        return made.map(|(encoded, _)| encoded);
    }
    // Something was wrong with the source, or a seek into it began in the middle of something.
    let frames = chunk.frames.unwrap_or(plan.frames.saturating_sub(chunk.first));
    let (from, to) = (plan.rate.seconds(chunk.first), plan.rate.seconds(chunk.first + frames));
    let end = chunk.frames.map(|_| to);
    let mut damage = damage::find(tools, input, plan, plan.picture.stream, (from, end), limits).await?;
    let (mut encoded, _) = match made {
        Ok(made) => made,
        Err(error) if damage.is_empty() => return Err(error),
        // Pictures are missing at the end: the last one is held in their place, if the rest is worth it.
        Err(error) => {
            refuse_ruins(plan, &damage)?;
            let again = folder.join("held");
            std::fs::create_dir(&again).map_err(MediaError::file(&again))?;
            let held =
                Plan { picture: Picture { held_from: Some(chunk.first + 2), ..plan.picture.clone() }, ..plan.clone() };
            let whole = Chunk { frames: Some(frames), ..chunk.clone() };
            let made = Work { plan: &held, ..work }.encode(&whole, &again).await;
            // Not one picture is left in it: nothing to hold.
            made.map_err(|_| ruined(plan, &damage).map_or(error, MediaError::Refused))?
        }
    };
    damage.iter_mut().for_each(|damage| damage.to_ms = damage.to_ms.min((to * 1000.0).ceil() as u64));
    refuse_ruins(plan, &damage)?;
    encoded.row.damage = damage;
    Ok(encoded)
}

/// What every attempt at a chunk needs.
#[derive(Clone, Copy)]
struct Work<'a> {
    tools: &'a Tools,
    input: &'a Input,
    plan: &'a Plan,
    limits: Limits,
}

impl Work<'_> {
    /// The chunk, and what the decoder complained about.
    async fn encode(&self, chunk: &Chunk, folder: &Path) -> Result<(EncodedChunk, String), MediaError> {
        let plan = self.plan;
        let hashes_path = folder.join("frames.txt");
        let mut arguments = decoding(self.tools, self.input, plan, chunk.first);
        arguments.extend(["-filter_complex".into(), filters(plan, chunk, Hashing::Frames).into()]);
        arguments.extend(encoding(plan, chunk.first_segment, folder));
        arguments.extend(hashes::writing("[frames]", &hashes_path));
        let printed = self.tools.run_ffmpeg(&arguments, Some(self.input), self.limits).await?;
        Ok((collect(plan, chunk, folder, &hashes_path)?, printed.stderr.trim().to_owned()))
    }
}

/// Whether an attempt failed because of the frames that came, or did not.
fn is_about_frames(error: &MediaError) -> bool {
    match error {
        MediaError::Tool { detail, .. } => !is_network(detail),
        MediaError::Unexpected { .. } | MediaError::Boxes(_) | MediaError::File { .. } => true,
        _ => false,
    }
}

/// The film is refused as soon as one chunk has more damage than the whole film may have.
fn refuse_ruins(plan: &Plan, damage: &[Damage]) -> Result<(), MediaError> {
    match ruined(plan, damage).filter(|_| is_too_much(damage, plan.seconds())) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(()),
    }
}

fn ruined(plan: &Plan, damage: &[Damage]) -> Option<Refusal> {
    (!damage.is_empty()).then(|| refusal(damage, plan.seconds()))
}

fn collect(plan: &Plan, chunk: &Chunk, folder: &Path, hashes_path: &Path) -> Result<EncodedChunk, MediaError> {
    let (mut tracks, mut files) = (Vec::new(), Vec::new());
    for rung in &plan.rungs {
        let place = Place {
            folder: &folder.join(&rung.name),
            rendition: &rung.name,
            hash: &chunk.hash,
            first_segment: chunk.first_segment,
        };
        let (track, outputs) = segments::join(&place, Joining::Groups(SEGMENT_GOPS as usize))?;
        tracks.push(track);
        files.extend(outputs);
    }
    let frames = tracks.first().map_or(0, |track| track.samples());
    check(plan, chunk, &tracks, frames)?;
    let window = plan.proof_frames().min(frames);
    let hashes: Vec<String> = hashes::read(hashes_path)?.into_iter().map(|(_, hash)| hash).collect();
    if hashes.len() as u64 != frames {
        return Err(MediaError::unexpected(format!("{} frame hashes instead of {frames}", hashes.len())));
    }
    let tail = chunk.frames.map_or(0, |_| window as usize);
    let row = ChunkRow {
        index: chunk.index,
        first: chunk.first,
        frames,
        hash: chunk.hash.clone(),
        encoder: plan.encoder.clone(),
        tracks,
        damage: Vec::new(),
        pictures: hashes::digest(hashes.iter().map(String::as_str)),
        head: hashes[..window as usize].to_vec(),
        tail: hashes[hashes.len() - tail..].to_vec(),
    };
    Ok(EncodedChunk { row, files })
}

/// A worker does not hand over what the verifier would refuse.
fn check(plan: &Plan, chunk: &Chunk, tracks: &[crate::film::ledger::TrackRow], frames: u64) -> Result<(), MediaError> {
    if chunk.frames.is_some_and(|expected| expected != frames) || frames == 0 {
        let expected = chunk.frames.map_or("at least one".to_owned(), |frames| frames.to_string());
        return Err(MediaError::unexpected(format!("chunk {} has {frames} frames instead of {expected}", chunk.index)));
    }
    for track in tracks {
        let starts = track.segments.first().map_or(0, |segment| segment.tfdt);
        let is_on_grid = plan.rate.is_exactly(chunk.first, starts, track.timescale)
            && plan.rate.is_exactly(frames, track.ticks(), track.timescale)
            && track.samples() == frames;
        if !is_on_grid {
            let (rendition, index, found) = (&track.rendition, chunk.index, track.samples());
            return Err(MediaError::unexpected(format!(
                "chunk {index}, {rendition}: {found} frames of {frames}, from tick {starts}, for {} ticks",
                track.ticks()
            )));
        }
    }
    Ok(())
}

/// What a graph makes beside the rungs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hashing {
    /// `[frames]`: every frame, for its hash.
    Frames,
    Nothing,
}

/// The whole graph: one decode, one output per rung, and one for the hashes.
pub(crate) fn filters(plan: &Plan, chunk: &Chunk, hashing: Hashing) -> String {
    let is_hashed = hashing == Hashing::Frames;
    let outputs = plan.rungs.len() + usize::from(is_hashed);
    let mut graph = prepared(plan, chunk.first, chunk.frames);
    let _ = write!(graph, ",split={outputs}");
    (0..plan.rungs.len()).for_each(|index| {
        let _ = write!(graph, "[s{index}]");
    });
    if is_hashed {
        graph.push_str("[frames]");
    }
    for (index, rung) in plan.rungs.iter().enumerate() {
        let (width, height) = (rung.width, rung.height);
        let _ = write!(graph, ";[s{index}]scale={width}:{height}:flags=bicubic:out_range=tv,setsar=1[v{index}]");
    }
    graph
}

/// The encoders and the muxer: fragments of one group of pictures each, on the absolute clock.
pub(crate) fn encoding(plan: &Plan, first_segment: u64, folder: &Path) -> Vec<OsString> {
    let mut arguments: Vec<String> = Vec::new();
    let mut streams = Vec::new();
    for (index, rung) in plan.rungs.iter().enumerate() {
        arguments.extend(["-map".into(), format!("[v{index}]")]);
        arguments.extend([format!("-threads:v:{index}"), rung.threads.to_string()]);
        arguments.extend([format!("-maxrate:v:{index}"), format!("{}k", rung.max_kbps)]);
        arguments.extend([format!("-bufsize:v:{index}"), format!("{}k", rung.buffer_kbit)]);
        streams.push(format!("v:{index},name:{}", rung.name));
    }
    let gop = plan.gop.to_string();
    arguments.extend(
        ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-crf", "21"]
            .map(String::from),
    );
    arguments.extend(["-g", &gop, "-keyint_min", &gop, "-sc_threshold", "0", "-flags", "+cgop"].map(String::from));
    // stitchable: SPS and PPS, and so the init segments, are the same in every chunk.
    arguments.extend(["-x264-params", "open-gop=0:scenecut=0:stitchable=1"].map(String::from));
    arguments.extend(["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"].map(String::from));
    let hls_time = format!("{:.6}", plan.rate.seconds(plan.gop));
    arguments.extend(muxer::fragments(&hls_time));
    arguments.extend(["-hls_segment_options", "movflags=+frag_discont"].map(String::from));
    let first_fragment = (first_segment * SEGMENT_GOPS).to_string();
    arguments.extend(["-start_number", &first_fragment, "-var_stream_map", &streams.join(" ")].map(String::from));
    let mut arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
    arguments.extend(["-hls_segment_filename".into(), folder.join("%v/g%06d.m4s").into()]);
    arguments.push(folder.join("%v/index.m3u8").into());
    arguments
}
