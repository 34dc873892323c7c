//! The sound and caption tracks of a source.

use crate::{
    recipe::{
        language,
        source::{AudioTrack, CaptionTrack},
    },
    tools::{ffprobe::Document, limits::MOST_AUDIO_TRACKS},
};

/// Those that can be decoded; `notes` says what is left out.
pub fn audio(document: &Document, notes: &mut Vec<String>) -> Vec<AudioTrack> {
    let mut tracks = Vec::new();
    for stream in document.streams.iter().filter(|stream| stream.codec_type.as_deref() == Some("audio")) {
        let codec = stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
        let channels = stream.channels.unwrap_or(0);
        if codec == "unknown" || codec == "none" || channels == 0 {
            notes.push(format!("audio stream {} is left out: its codec is unknown", stream.index));
        } else if tracks.len() == MOST_AUDIO_TRACKS {
            notes.push(format!("audio stream {} is left out: more than {MOST_AUDIO_TRACKS} tracks", stream.index));
        } else {
            tracks.push(AudioTrack {
                stream: stream.index,
                codec,
                channels,
                language: language::tag(stream.tags.get("language").map(String::as_str)),
                title: stream.tags.get("title").filter(|title| !title.trim().is_empty()).cloned(),
                is_default: stream.disposition.get("default").copied().unwrap_or(0) == 1,
            });
        }
    }
    tracks
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
