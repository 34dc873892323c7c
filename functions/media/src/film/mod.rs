//! The film: all ledger rows of an asset put together, in order, or a list of what is wrong with them.

pub mod damage;
pub mod dash;
pub mod ledger;
pub mod package;
pub mod playlist;
pub mod violation;

use crate::{
    film::{
        ledger::{ChunkRow, SoundRow, TrackRow},
        violation::{Check, Violation},
    },
    recipe::{
        plan::{Plan, SEGMENT_GOPS},
        sound::{AAC_FRAME_TICKS, Sound},
    },
};

/// A segment may be this much longer than its target.
const SEGMENT_SLACK_SECONDS: f64 = 0.5;

/// All renditions of a film, complete and checked against the plan.
#[derive(Clone, Debug)]
pub struct Film {
    /// One per rung, in the plan's order, over all chunks.
    pub video: Vec<TrackRow>,
    /// One per audio rendition, in the plan's order.
    pub sound: Vec<TrackRow>,
    /// Frames in the film: the last chunk has had the final word.
    pub frames: u64,
}

impl Film {
    /// Puts the rows together. The rows may come in any order and more than once.
    pub fn assemble(plan: &Plan, chunks: &[ChunkRow], sounds: &[SoundRow]) -> Result<Film, Vec<Violation>> {
        let mut wrong = Vec::new();
        let ordered = ordered(plan, chunks, &mut wrong);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut video = Vec::new();
        for (index, rung) in plan.rungs.iter().enumerate() {
            let parts: Vec<&TrackRow> = ordered.iter().filter_map(|chunk| chunk.tracks.get(index)).collect();
            if parts.len() != ordered.len() || parts.iter().any(|part| part.rendition != rung.name) {
                wrong.push(Violation::new(Check::Complete, &rung.name, "is missing from a chunk"));
                continue;
            }
            let Some((first, rest)) = parts.split_first() else { continue };
            let mut whole = (*first).clone();
            for part in rest {
                if part.init.sha256 != whole.init.sha256 {
                    let what = format!("{} differs from {}", part.init.key, whole.init.key);
                    wrong.push(Violation::new(Check::Init, &rung.name, what));
                }
                whole.segments.extend(part.segments.iter().cloned());
            }
            video.push(whole);
        }
        let mut sound = Vec::new();
        for planned in &plan.audio {
            let row = sounds.iter().find(|row| {
                row.track.rendition == planned.name
                    && row.hash == plan.sound_hash(planned)
                    && row.encoder == plan.encoder
            });
            match row {
                Some(row) => sound.push(row.track.clone()),
                None => wrong.push(Violation::new(Check::Complete, &planned.name, "has not been encoded")),
            }
        }
        let frames = ordered.iter().map(|chunk| chunk.frames).sum();
        let film = Film { video, sound, frames };
        if wrong.is_empty() {
            film.check(plan, &mut wrong);
        }
        if wrong.is_empty() { Ok(film) } else { Err(wrong) }
    }

    /// Audio renditions with what the plan says about them.
    pub fn sounds<'a>(&'a self, plan: &'a Plan) -> Vec<(&'a Sound, &'a TrackRow)> {
        plan.audio.iter().zip(&self.sound).collect()
    }

    /// All renditions.
    pub fn tracks(&self) -> impl Iterator<Item = &TrackRow> {
        self.video.iter().chain(&self.sound)
    }

    fn check(&self, plan: &Plan, wrong: &mut Vec<Violation>) {
        self.check_grid(plan, wrong);
        self.check_alignment(wrong);
        self.check_lengths(plan, wrong);
        for (rung, track) in plan.rungs.iter().zip(&self.video) {
            if (track.width, track.height) != (rung.width, rung.height) {
                let what = format!("{}×{} instead of {}×{}", track.width, track.height, rung.width, rung.height);
                wrong.push(Violation::new(Check::PictureSize, &rung.name, what));
            }
        }
    }

    /// Every segment begins where the one before ends, to the tick, and holds whole groups of pictures.
    fn check_grid(&self, plan: &Plan, wrong: &mut Vec<Violation>) {
        for track in self.tracks() {
            let mut next = track.segments.first().map_or(0, |segment| segment.tfdt);
            if next != 0 {
                wrong.push(Violation::new(Check::Continuity, &track.rendition, format!("begins at tick {next}")));
            }
            for (number, segment) in (0u64..).zip(&track.segments) {
                if segment.tfdt != next || segment.number != number {
                    let what = format!("segment {} at tick {} instead of {next}", segment.number, segment.tfdt);
                    wrong.push(Violation::new(Check::Continuity, &track.rendition, what));
                }
                next = segment.tfdt + segment.ticks;
            }
        }
        for track in &self.sound {
            let (_, before) = track.segments.split_last().unzip();
            for segment in before.into_iter().flatten() {
                if segment.ticks != segment.samples * AAC_FRAME_TICKS {
                    let what = format!(
                        "segment {} has {} ticks for {} frames",
                        segment.number, segment.ticks, segment.samples
                    );
                    wrong.push(Violation::new(Check::Continuity, &track.rendition, what));
                }
            }
        }
        for track in &self.video {
            let last = track.segments.len().saturating_sub(1);
            for (index, segment) in track.segments.iter().enumerate() {
                let is_full = segment.groups.len() as u64 == SEGMENT_GOPS
                    && segment.groups.iter().all(|group| group.frames == plan.gop);
                let is_exact = plan.rate.is_exactly(segment.samples, segment.ticks, track.timescale);
                if (index < last && !is_full) || !is_exact || segment.groups.is_empty() {
                    let what = format!("segment {} has {} frames off the grid", segment.number, segment.samples);
                    wrong.push(Violation::new(Check::Continuity, &track.rendition, what));
                }
            }
        }
    }

    /// IDR pictures lie at the same times on all rungs.
    fn check_alignment(&self, wrong: &mut Vec<Violation>) {
        let frames = |track: &TrackRow| -> Vec<u64> {
            track.segments.iter().flat_map(|segment| segment.groups.iter().map(|group| group.frames)).collect()
        };
        let Some((first, rest)) = self.video.split_first() else { return };
        let expected = frames(first);
        for track in rest.iter().filter(|track| frames(track) != expected) {
            let what = format!("its IDR pictures lie elsewhere than those of {}", first.rendition);
            wrong.push(Violation::new(Check::Alignment, &track.rendition, what));
        }
    }

    /// Picture and sound last as long as the film, and no segment is much longer than it should be.
    fn check_lengths(&self, plan: &Plan, wrong: &mut Vec<Violation>) {
        let frame = plan.rate.seconds(1);
        let (planned, target) = (plan.seconds(), plan.rate.seconds(plan.segment));
        let real = plan.rate.seconds(self.frames);
        let tolerated = if real < planned { 1 + plan.picture.reordered } else { 1 };
        if (real - planned).abs() > frame * (tolerated as f64 + 0.001) {
            let what = format!("lasts {real:.3} s; the source lasts {planned:.3} s");
            wrong.push(Violation::new(Check::Length, "film", what));
        }
        for track in self.tracks() {
            let (length, codec_frame) = (track.seconds(), 1024.0 / f64::from(track.timescale));
            let slack = if track.width == 0 { frame * tolerated as f64 + 2.0 * codec_frame } else { 1e-9 };
            if (length - real).abs() > slack {
                let what = format!("lasts {length:.3} s; the film lasts {real:.3} s");
                wrong.push(Violation::new(Check::Length, &track.rendition, what));
            }
            for segment in &track.segments {
                let length = segment.ticks as f64 / f64::from(track.timescale);
                if length > target + SEGMENT_SLACK_SECONDS || length <= 0.0 {
                    let what = format!("segment {} lasts {length:.3} s", segment.number);
                    wrong.push(Violation::new(Check::Length, &track.rendition, what));
                }
            }
        }
    }
}

/// The rows of the plan's chunks, each once and in order.
fn ordered<'a>(plan: &Plan, chunks: &'a [ChunkRow], wrong: &mut Vec<Violation>) -> Vec<&'a ChunkRow> {
    let mut ordered = Vec::new();
    for index in 0..plan.chunks() {
        let Some(planned) = plan.chunk(index) else { continue };
        let place = format!("chunk {index}");
        let fits = |row: &&ChunkRow| row.index == index && row.hash == planned.hash && row.encoder == plan.encoder;
        match chunks.iter().find(fits) {
            None => wrong.push(Violation::new(Check::Complete, &place, "has not been encoded")),
            Some(row) => {
                let is_right = row.first == planned.first
                    && planned.frames.is_none_or(|frames| frames == row.frames)
                    && row.tracks.iter().all(|track| track.samples() == row.frames);
                if !is_right {
                    let what = format!("has {} frames from {} on", row.frames, row.first);
                    wrong.push(Violation::new(Check::Continuity, &place, what));
                }
                ordered.push(row);
            }
        }
    }
    ordered
}
