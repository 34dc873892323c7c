//! Checks of stored files: what in them keeps the film from being shown.

use crate::{
    encode::segments,
    film::{
        ledger::{SegmentRow, SpritesRow, Stored, TrackRow},
        violation::{Check, Violation},
    },
    proof::seams::SeamProof,
    recipe::{plan::Plan, sprites::SPRITE_SECONDS},
    tools::boxes::{self, Init},
};

/// Checks an init segment against the ledger and the plan.
pub fn init(track: &TrackRow, bytes: &[u8]) -> (Option<Init>, Vec<Violation>) {
    let mut wrong = stored(&track.init, bytes);
    match boxes::init(bytes) {
        Err(error) => {
            wrong.push(Violation::new(Check::Init, &track.init.key, error.to_string()));
            (None, wrong)
        }
        Ok(init) => {
            let promised = (track.codec.as_str(), track.timescale, track.width, track.height);
            if (init.codec.as_str(), init.timescale, init.width, init.height) != promised {
                wrong.push(Violation::new(Check::Init, &track.init.key, format!("promises {init:?}")));
            }
            if init.pixel.0 != init.pixel.1 {
                let what = format!("pixels are {}:{}", init.pixel.0, init.pixel.1);
                wrong.push(Violation::new(Check::PixelShape, &track.init.key, what));
            }
            if init.nal_length > 0 && init.colour.is_none_or(|colour| colour.is_full_range) {
                let what = format!("its colours are tagged {:?}", init.colour);
                wrong.push(Violation::new(Check::Colour, &track.init.key, what));
            }
            (Some(init), wrong)
        }
    }
}

/// Checks a segment's bytes against its ledger row: hash, times, IDR pictures, byte ranges.
pub fn segment(init: &Init, row: &SegmentRow, bytes: &[u8]) -> Vec<Violation> {
    let mut wrong = stored(&row.file, bytes);
    match segments::row(bytes, init, row.number, row.file.key.clone()) {
        Err(error) => {
            let text = error.to_string();
            let check = if text.contains("IDR") { Check::Idr } else { Check::Continuity };
            wrong.push(Violation::new(check, &row.file.key, text));
        }
        Ok(found) => {
            let same = (found.tfdt, found.ticks, found.samples, &found.groups)
                == (row.tfdt, row.ticks, row.samples, &row.groups);
            if !same {
                wrong.push(Violation::new(Check::Continuity, &row.file.key, "is not laid out as the ledger says"));
            }
        }
    }
    wrong
}

/// Checks that stored bytes are those in the ledger.
pub fn stored(row: &Stored, bytes: &[u8]) -> Vec<Violation> {
    let found = crate::film::ledger::stored(row.key.clone(), bytes);
    if &found == row {
        return Vec::new();
    }
    vec![Violation::new(Check::Bytes, &row.key, format!("has {} bytes and is not what was written", bytes.len()))]
}

/// Checks the seam proof.
pub fn seams(plan: &Plan, proof: &SeamProof) -> Vec<Violation> {
    if proof.holds(plan) {
        return Vec::new();
    }
    let mut wrong: Vec<Violation> = Vec::new();
    for joint in proof.joints.iter().filter(|joint| !joint.holds()) {
        let played: Vec<String> = joint
            .played
            .iter()
            .filter(|played| {
                !played.is_evenly_spaced || played.found != played.expected || !played.complaints.is_empty()
            })
            .map(|played| {
                format!(
                    "{} gives {} of {} frames {}",
                    played.rendition, played.found, played.expected, played.complaints
                )
            })
            .collect();
        let what = format!("frames {:?} differ from a continuous decode; {}", joint.differing, played.join("; "));
        wrong.push(Violation::new(Check::Seam, format!("frame {}", joint.frame), what));
    }
    for chunk in &proof.differing_chunks {
        let what = "its frames differ from a continuous decode";
        wrong.push(Violation::new(Check::Seam, format!("chunk {chunk}"), what));
    }
    if wrong.is_empty() {
        wrong.push(Violation::new(Check::Seam, "film", "the proof does not cover every joint of this plan"));
    }
    wrong
}

/// Checks the index of the seek pictures: every cue in order, every rectangle inside its sheet.
pub fn sprites(plan: &Plan, row: &SpritesRow, index: &str) -> Vec<Violation> {
    let mut wrong = stored(&row.index, index.as_bytes());
    let mut cues = 0;
    for line in index.lines().filter(|line| line.contains("#xywh=")) {
        cues += 1;
        let parsed = line.split_once("#xywh=").and_then(|(name, area)| {
            let numbers: Vec<u32> = area.split(',').filter_map(|number| number.parse().ok()).collect();
            let [x, y, width, height] = numbers[..] else { return None };
            let sheet = row.sheets.iter().find(|sheet| sheet.file.key.ends_with(&format!("/{name}")))?;
            Some(x + width <= sheet.width && y + height <= sheet.height && width > 0 && height > 0)
        });
        if parsed != Some(true) {
            wrong.push(Violation::new(Check::Sprites, &row.index.key, format!("{line} lies outside its sheet")));
        }
    }
    let expected = plan.seconds() / SPRITE_SECONDS as f64;
    if cues != plan.sprites.count || (cues as f64) < expected - 1.0 {
        wrong.push(Violation::new(Check::Sprites, &row.index.key, format!("{cues} cues")));
    }
    wrong
}
