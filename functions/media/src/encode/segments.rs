//! Segments: joins the encoder's fragments (one group of pictures each) into what players fetch, and writes it down.

use std::path::{Path, PathBuf};

use crate::{
    film::ledger::{GroupRow, Output, SegmentRow, TrackRow, stored},
    recipe::sound::AAC_FRAME_TICKS,
    tools::{
        boxes::{self, BoxError, Fragment, Init},
        error::MediaError,
    },
};

/// A last audio segment shorter than this joins its predecessor: one of a single AAC frame stalls hls.js at the end.
const SHORTEST_SOUND_SECONDS: f64 = 0.5;
/// `styp` with the brand of a media segment.
const STYP: &[u8] = b"\0\0\0\x14stypmsdh\0\0\0\0msdh";
/// Media segments.
const SEGMENT_TYPE: &str = "video/iso.segment";

/// How a rendition's fragments become segments.
pub(crate) enum Joining {
    /// Video: so many groups of pictures each, each beginning with an IDR picture.
    Groups(usize),
    /// Sound: one fragment each, except for a short last one.
    Sound,
}

/// Where a rendition's files come from and go to.
pub(crate) struct Place<'a> {
    /// The folder the encoder wrote into: an init segment and `g*.m4s`.
    pub folder: &'a Path,
    pub rendition: &'a str,
    /// Names the bytes.
    pub hash: &'a str,
    /// Number of the first segment.
    pub first_segment: u64,
}

impl Place<'_> {
    fn key(&self, file: &str) -> String {
        format!("{}/{}/{file}", self.rendition, self.hash)
    }
}

/// Joins, checks and writes down everything in `place.folder`.
pub(crate) fn join(place: &Place, joining: Joining) -> Result<(TrackRow, Vec<Output>), MediaError> {
    let files = listed(place.folder)?;
    let init_path = files.iter().find(|path| is_named(path, "init", "mp4"));
    let init_path = init_path.ok_or_else(|| MediaError::unexpected("the encoder wrote no init segment"))?;
    let init_bytes = read(init_path)?;
    let init = boxes::init(&init_bytes)?;
    let mut outputs = vec![Output { path: init_path.clone(), key: place.key("init.mp4"), content_type: SEGMENT_TYPE }];
    let fragments: Vec<&PathBuf> = files.iter().filter(|path| is_named(path, "g", "m4s")).collect();
    let mut segments = Vec::new();
    for (number, paths) in (place.first_segment..).zip(grouped(&fragments, &joining, &init)?) {
        let file = format!("{number:06}.m4s");
        let path = place.folder.join(&file);
        let key = place.key(&file);
        let (row, bytes) = segment(paths, &init, number, key.clone())?;
        std::fs::write(&path, bytes).map_err(MediaError::file(&path))?;
        outputs.push(Output { path, key, content_type: SEGMENT_TYPE });
        segments.push(row);
    }
    let track = TrackRow {
        rendition: place.rendition.to_owned(),
        init: stored(place.key("init.mp4"), &init_bytes),
        codec: init.codec,
        width: init.width,
        height: init.height,
        timescale: init.timescale,
        segments,
    };
    Ok((track, outputs))
}

/// Which fragments go together.
fn grouped<'a>(
    fragments: &'a [&'a PathBuf],
    joining: &Joining,
    init: &Init,
) -> Result<Vec<&'a [&'a PathBuf]>, MediaError> {
    if let Joining::Groups(count) = joining {
        return Ok(fragments.chunks(*count).collect());
    }
    let mut each: Vec<&[&PathBuf]> = fragments.chunks(1).collect();
    if let [before @ .., _, _] = &each[..] {
        let joined = before.len();
        let last = read(fragments[joined + 1])?;
        let ticks: u64 = boxes::fragments(&last)?.iter().map(|fragment| fragment.ticks).sum();
        if (ticks as f64) < SHORTEST_SOUND_SECONDS * f64::from(init.timescale) {
            each.truncate(joined);
            each.push(&fragments[joined..]);
        }
    }
    Ok(each)
}

/// One segment from its fragments: only moof and mdat are kept, so that byte ranges and joins stay simple.
fn segment(paths: &[&PathBuf], init: &Init, number: u64, key: String) -> Result<(SegmentRow, Vec<u8>), MediaError> {
    let mut bytes = STYP.to_vec();
    for path in paths {
        let file = read(path)?;
        for fragment in boxes::fragments(&file)? {
            bytes.extend_from_slice(&file[fragment.range]);
        }
    }
    let row = row(&bytes, init, number, key)?;
    Ok((row, bytes))
}

/// Reads a segment and describes it; the verifier compares this with what the worker wrote down.
pub(crate) fn row(bytes: &[u8], init: &Init, number: u64, key: String) -> Result<SegmentRow, BoxError> {
    let fragments = boxes::fragments(bytes)?;
    let first = fragments.first().ok_or_else(|| BoxError::new("a segment without media"))?;
    let mut next = first.tfdt;
    let mut groups = Vec::new();
    for fragment in &fragments {
        if fragment.tfdt != next {
            return Err(BoxError::new(format!("segment {number}: tfdt {} instead of {next}", fragment.tfdt)));
        }
        next += fragment.ticks;
        if init.nal_length == 0 {
            check_sound(fragment).map_err(|what| BoxError::new(format!("segment {number}: {what}")))?;
        } else {
            if !boxes::is_idr(&bytes[fragment.first_sample.clone()], init.nal_length) {
                return Err(BoxError::new(format!("segment {number}: a group does not begin with an IDR picture")));
            }
            groups.push(GroupRow {
                offset: fragment.range.start as u64,
                idr_bytes: (fragment.first_sample.end - fragment.range.start) as u64,
                bytes: fragment.range.len() as u64,
                ticks: fragment.ticks,
                frames: fragment.samples,
            });
        }
    }
    Ok(SegmentRow {
        number,
        tfdt: first.tfdt,
        ticks: next - first.tfdt,
        samples: fragments.iter().map(|fragment| fragment.samples).sum(),
        groups,
        file: stored(key, bytes),
    })
}

/// Every AAC frame lasts as long as its samples; only the last of a fragment may be cut, and [`crate::film::Film`] allows that
/// at the film's end alone. A frame that lasts longer hides a hole.
fn check_sound(fragment: &Fragment) -> Result<(), String> {
    let is_even = fragment.samples == 1 || fragment.each_ticks == Some(AAC_FRAME_TICKS);
    if is_even && fragment.last_ticks <= AAC_FRAME_TICKS {
        return Ok(());
    }
    Err(format!("not every frame of its sound lasts {AAC_FRAME_TICKS} ticks"))
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, MediaError> {
    let entries = std::fs::read_dir(folder).map_err(MediaError::file(folder))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

fn is_named(path: &Path, prefix: &str, extension: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(prefix) && path.extension().is_some_and(|found| found == extension)
}

fn read(path: &Path) -> Result<Vec<u8>, MediaError> {
    std::fs::read(path).map_err(MediaError::file(path))
}
