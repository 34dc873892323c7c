//! What a file holds beside the film: named, because whoever uploaded it would miss it.

use crate::{
    recipe::{
        source::AudioTrack,
        timing::{Timing, clock},
        tracks,
    },
    tools::ffprobe::{Document, Packet},
};

/// What goes on for less than this after the end of another is nothing that anybody misses, in seconds.
const WORTH_A_NOTE: f64 = 0.5;

/// Pictures of other streams that begin about where those of the film end: a receiver that was retuned, recordings put behind each other.
pub fn pictures(document: &Document, packets: &[Packet], film: u32, film_end: f64, zero: f64) -> Vec<String> {
    let others = document.streams.iter().filter(|stream| stream.is_moving() && stream.index != film);
    let timings = others.filter_map(|stream| Timing::of(packets, stream.index));
    timings
        .filter(|timing| timing.end > film_end + WORTH_A_NOTE)
        .map(|timing| {
            format!(
                "the film ends at {}, where its picture ends; another picture stream of the file goes on until {} and is left out",
                clock((film_end - zero).max(0.0) as u64),
                clock((timing.end - zero).max(0.0) as u64)
            )
        })
        .collect()
}

/// Sound that is cut off at the end of the film, and a default track that another one goes on with.
pub fn sounds(audio: &[AudioTrack], packets: &[Packet], zero: f64, film_end: f64) -> Vec<String> {
    let timings: Vec<(usize, &AudioTrack, Timing)> = (1..)
        .zip(audio)
        .filter_map(|(number, track)| Some((number, track, Timing::of(packets, track.stream)?)))
        .collect();
    let mut notes = Vec::new();
    for (number, _, timing) in timings.iter().filter(|(_, _, timing)| timing.end > film_end + WORTH_A_NOTE) {
        notes.push(format!(
            "sound track {number} is cut off at the end of the film: it lasts {:.1} s longer",
            timing.end - film_end
        ));
    }
    let default = tracks::default(audio).map(|track| track.stream);
    let Some((_, _, chosen)) = timings.iter().find(|(_, track, _)| Some(track.stream) == default) else { return notes };
    let follows = |timing: &Timing| timing.first > chosen.end - WORTH_A_NOTE && timing.end > chosen.end + WORTH_A_NOTE;
    for (number, ..) in timings.iter().filter(|(_, track, timing)| Some(track.stream) != default && follows(timing)) {
        notes.push(format!(
            "the sound that is played falls silent at {}; what comes then is in sound track {number}, to be chosen",
            clock((chosen.end - zero).max(0.0) as u64)
        ));
    }
    notes
}
