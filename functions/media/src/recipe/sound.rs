//! The audio renditions of a film.

use serde::{Deserialize, Serialize};

use crate::recipe::{language, source::AudioTrack, tracks};

/// Samples of an AAC frame, which are the ticks of its clock.
pub const AAC_FRAME_TICKS: u64 = 1024;

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
    /// Whether only the source's first channel is used.
    #[serde(default)]
    pub is_first_channel: bool,
    /// How much the source's clock wobbles and recovers, in seconds.
    #[serde(default)]
    pub jitter_seconds: f64,
}

/// A shorter gap is the rounding of clocks; a longer one is a hole, to be filled at once.
const HOLE_SECONDS: f64 = 0.02;
/// No wobble is as long.
const LONGEST_WOBBLE_SECONDS: f64 = 0.25;

impl Sound {
    /// From which difference between the clock and the samples on silence is put in or sound is left out. A clock that wobbles and recovers is not
    /// followed: each late packet would tear a hole.
    pub fn hole_seconds(&self) -> f64 {
        let wobble = if self.jitter_seconds > HOLE_SECONDS / 2.0 { 1.25 * self.jitter_seconds + 0.01 } else { 0.0 };
        wobble.clamp(HOLE_SECONDS, LONGEST_WOBBLE_SECONDS)
    }

    /// The filters that bring whatever the source changes to inside the file to one layout and rate.
    pub fn layout(&self) -> String {
        layout(self.channels, self.is_first_channel)
    }
}

/// [`Sound::layout`] for a track that is not planned yet.
pub fn layout(channels: u32, is_first_channel: bool) -> String {
    let first = if is_first_channel { "pan=mono|c0=c0," } else { "" };
    let layout = if channels == 1 { "mono" } else { "stereo" };
    format!("{first}aformat=sample_fmts=flt:sample_rates=48000:channel_layouts={layout}")
}

/// Two renditions of every track: stereo at 128 kbit/s, and mono at 48 for the lowest rung.
pub fn renditions(tracks: &[AudioTrack]) -> Vec<Sound> {
    let chosen = tracks::default(tracks).map(|track| track.stream);
    let mut labels: Vec<String> = Vec::new();
    for (index, track) in tracks.iter().enumerate() {
        let name = track.title.clone().or_else(|| language::own_name(&track.language).map(str::to_owned));
        let name = name.unwrap_or_else(|| format!("Audio {}", index + 1)).replace(['"', '\n', '\r'], " ");
        let numbered = (index + 1..).map(|number| format!("{name} {number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !labels.contains(name));
        labels.push(free.unwrap_or(name));
    }
    let both = |low: bool| {
        tracks.iter().zip(&labels).enumerate().map(move |(index, (track, label))| Sound {
            name: format!("a{index}{}", if low { "low" } else { "" }),
            stream: track.stream,
            channels: if low { 1 } else { 2 },
            kbps: if low { 48 } else { 128 },
            language: track.language.clone(),
            label: label.clone(),
            is_default: Some(track.stream) == chosen,
            is_low: low,
            is_first_channel: track.is_first_channel,
            jitter_seconds: track.jitter_seconds,
        })
    };
    both(false).chain(both(true)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_two_tracks_of_a_group_have_one_name(titles in proptest::collection::vec("Director( [1-6])?|", 1..8)) {
            let track = |(stream, title): (u32, &String)| AudioTrack {
                stream,
                codec: "aac".into(),
                channels: 2,
                language: "en".into(),
                title: Some(title.clone()).filter(|title| !title.is_empty()),
                is_default: false,
                is_first_channel: false,
                jitter_seconds: 0.0,
            };
            let sounds = renditions(&(0..).zip(&titles).map(track).collect::<Vec<_>>());
            let labels: Vec<&str> = sounds.iter().filter(|sound| !sound.is_low).map(|sound| sound.label.as_str()).collect();
            let different: std::collections::BTreeSet<&str> = labels.iter().copied().collect();
            prop_assert_eq!(different.len(), labels.len(), "{:?}", labels);
            prop_assert_eq!(sounds.iter().filter(|sound| sound.is_default).count(), 2, "one of each quality");
        }
    }
}
