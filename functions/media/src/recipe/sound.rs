//! The audio renditions of a film.

use serde::{Deserialize, Serialize};

use crate::recipe::{language, source::AudioTrack};

/// One audio rendition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// Folder of its files: `a0`, `a0low`.
    pub name: String,
    /// Stream index in the source.
    pub stream: u32,
    /// Channels after down-mixing.
    pub channels: u32,
    /// Bit rate in kbit/s.
    pub kbps: u32,
    /// BCP 47.
    pub language: String,
    /// How a player lists it; unique within its group.
    pub label: String,
    /// Whether it is played unless another is chosen.
    pub is_default: bool,
    /// Whether it belongs to the lowest rung.
    pub is_low: bool,
}

/// Two renditions of every track: stereo at 128 kbit/s, and mono at 48 for the lowest rung.
pub fn renditions(tracks: &[AudioTrack]) -> Vec<Sound> {
    let chosen = tracks.iter().position(|track| track.is_default).unwrap_or(0);
    let mut labels: Vec<String> = Vec::new();
    for (index, track) in tracks.iter().enumerate() {
        let name = track.title.clone().or_else(|| language::own_name(&track.language).map(str::to_owned));
        let name = name.unwrap_or_else(|| format!("Audio {}", index + 1)).replace(['"', '\n', '\r'], " ");
        let is_taken = labels.contains(&name);
        labels.push(if is_taken { format!("{name} {}", index + 1) } else { name });
    }
    let both = |low: bool| {
        tracks.iter().zip(&labels).enumerate().map(move |(index, (track, label))| Sound {
            name: format!("a{index}{}", if low { "low" } else { "" }),
            stream: track.stream,
            channels: if low { 1 } else { 2 },
            kbps: if low { 48 } else { 128 },
            language: track.language.clone(),
            label: label.clone(),
            is_default: index == chosen,
            is_low: low,
        })
    };
    both(false).chain(both(true)).collect()
}
