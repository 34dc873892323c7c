//! The sound and caption tracks of a source.

use std::collections::BTreeMap;

use crate::{
    recipe::{
        language,
        source::{AudioTrack, CaptionTrack},
    },
    tools::{
        ffprobe::{Document, Stream},
        limits::MOST_AUDIO_TRACKS,
    },
};

/// What became of a try to decode a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// All its channels.
    Whole,
    /// Only the first channel can be used: the file does not say where the others belong.
    FirstChannel,
    /// Nothing.
    Nothing,
}

/// Those that can be decoded; `notes` says what is left out.
///
/// Of a transport stream with several programmes only the sound of the picture's is the film's.
pub fn audio(
    document: &Document,
    picture: u32,
    heard: &BTreeMap<u32, Heard>,
    notes: &mut Vec<String>,
) -> Vec<AudioTrack> {
    let mut tracks = Vec::new();
    for (number, stream) in (1..).zip(sounds(document)) {
        let codec = stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
        let heard = heard.get(&stream.index).copied().unwrap_or(Heard::Whole);
        if is_of_another_programme(document, picture, stream.index) {
            notes.push(format!("sound track {number} is left out: it belongs to another programme of the recording"));
        } else if !is_known(stream) {
            notes.push(format!("sound track {number} is left out: its codec is unknown"));
        } else if heard == Heard::Nothing {
            notes.push(format!("sound track {number} ({codec}) is left out: it cannot be decoded"));
        } else if tracks.len() == MOST_AUDIO_TRACKS {
            notes.push(format!("sound track {number} is left out: at most {MOST_AUDIO_TRACKS} are used"));
        } else {
            if heard == Heard::FirstChannel {
                notes.push(format!(
                    "of sound track {number} only the first channel is used: the file does not say where the others belong"
                ));
            }
            tracks.push(AudioTrack {
                stream: stream.index,
                codec,
                channels: stream.channels.unwrap_or(0),
                language: language::tag(stream.tags.get("language").map(String::as_str)),
                title: stream.tags.get("title").filter(|title| !title.trim().is_empty()).cloned(),
                is_default: stream.disposition.get("default").copied().unwrap_or(0) == 1,
                is_first_channel: heard == Heard::FirstChannel,
                jitter_seconds: 0.0,
            });
        }
    }
    tracks
}

fn is_of_another_programme(document: &Document, picture: u32, sound: u32) -> bool {
    let programmes = |stream: u32| {
        let has = move |streams: &[Stream]| streams.iter().any(|one| one.index == stream);
        document.programs.iter().filter(move |programme| has(&programme.streams))
    };
    let is_shared = programmes(sound).any(|programme| programme.streams.iter().any(|one| one.index == picture));
    programmes(picture).next().is_some() && programmes(sound).next().is_some() && !is_shared
}

fn sounds(document: &Document) -> impl Iterator<Item = &Stream> {
    document.streams.iter().filter(|stream| stream.codec_type.as_deref() == Some("audio"))
}

/// Whether there is a decoder to try.
fn is_known(stream: &Stream) -> bool {
    let codec = stream.codec_name.as_deref().unwrap_or("unknown");
    codec != "unknown" && codec != "none" && stream.channels.unwrap_or(0) > 0
}

/// The tracks that are worth a try.
pub fn candidates(document: &Document) -> Vec<u32> {
    sounds(document).filter(|stream| is_known(stream)).take(MOST_AUDIO_TRACKS).map(|stream| stream.index).collect()
}

/// The codec of the first sound track, if there is one.
pub fn only_sound(document: &Document) -> Option<String> {
    let first = sounds(document).next()?;
    let name = first.codec_name.clone().filter(|name| name != "none");
    let tag = first.codec_tag_string.clone().filter(|tag| !tag.starts_with('['));
    Some(name.or(tag).unwrap_or_else(|| "unknown".to_owned()))
}

/// The track that is played unless another is chosen.
pub fn default(tracks: &[AudioTrack]) -> Option<&AudioTrack> {
    tracks.iter().find(|track| track.is_default).or(tracks.first())
}

/// All of them.
pub fn captions(document: &Document) -> Vec<CaptionTrack> {
    let subtitles = document.streams.iter().filter(|stream| stream.codec_type.as_deref() == Some("subtitle"));
    subtitles
        .map(|stream| {
            let codec = stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
            CaptionTrack {
                stream: stream.index,
                is_text: matches!(codec.as_str(), "subrip" | "ass" | "ssa" | "webvtt" | "mov_text" | "text" | "ttml"),
                codec,
                language: language::tag(stream.tags.get("language").map(String::as_str)),
            }
        })
        .collect()
}
