//! Refusals: why an upload cannot become a film, in words that the person who uploaded it can act on.

use serde::{Deserialize, Serialize};

/// A final verdict on a source; trying again with the same bytes gives the same verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// The object has no bytes.
    #[error("the file is empty; upload it again")]
    Empty,
    /// The object is an archive or another kind of document.
    #[error(
        "the file is {found}, which is not accepted; convert it to MP4, MOV, Matroska, WebM, AVI or MPEG-TS and upload that"
    )]
    NotAVideo {
        /// What it looks like, with an article: "a zip archive".
        found: String,
    },
    /// A playlist or manifest that names other files.
    #[error("the file is a playlist that points to other files; upload the video itself")]
    Playlist,
    /// The container ends before it should.
    #[error("the file is incomplete ({detail}); upload it again")]
    Truncated {
        /// What is missing.
        detail: String,
    },
    /// The container cannot be read, or too much of what is in it.
    #[error("the file is damaged: {detail}; make a new copy of it from the original and upload that")]
    Damaged {
        /// What and where.
        detail: String,
    },
    /// One file behind the other in one object.
    #[error(
        "the file holds several recordings behind each other, of which players show the first only; join them in a video editor, or upload each by itself"
    )]
    SeveralRecordings,
    /// There are streams, but none with moving pictures.
    #[error("the file has no moving picture in it; upload the film itself")]
    NoVideo,
    /// Its colours cannot be shown without Dolby Vision.
    #[error(
        "the picture is in Dolby Vision without a picture for other screens (profile 5); export it as HDR10, HLG or standard range and upload that"
    )]
    DolbyVision,
    /// Its numbers mean colours in a way that cannot be converted here.
    #[error(
        "the colours of the picture are stored as {matrix}, which is not accepted; export it as BT.709 and upload that"
    )]
    Colours {
        /// ffmpeg's name of the matrix: `ycgco`.
        matrix: String,
    },
    /// DRM or common encryption.
    #[error("the video is encrypted; upload a copy without copy protection")]
    Encrypted,
    /// Not one picture lasts any time.
    #[error("the video has no duration: its picture lasts no time; export it again and upload that")]
    ZeroDuration,
    /// Longer than [`crate::tools::limits::LONGEST_FILM`].
    #[error("the video lasts {hours:.1} h; at most {limit_hours} h are accepted; upload it in parts", hours = *seconds as f64 / 3600.0)]
    TooLong {
        /// The length of the film in seconds.
        seconds: u64,
        /// The longest accepted length in hours.
        limit_hours: u64,
    },
    /// The picture is outside the accepted sizes.
    #[error("the picture is {width}×{height}; accepted are 16×16 to 8192×4320; scale it and upload that")]
    PictureSize {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// No decoder here, or the stream is garbage.
    #[error(
        "the {kind} ({codec}) cannot be decoded; convert the file to H.264 or HEVC with AAC sound and upload it again"
    )]
    Undecodable {
        /// `video` or `audio`.
        kind: String,
        /// The codec's short name.
        codec: String,
    },
}

impl Refusal {
    /// The stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Empty => "empty",
            Refusal::NotAVideo { .. } => "not_a_video",
            Refusal::Playlist => "playlist",
            Refusal::Truncated { .. } => "truncated",
            Refusal::Damaged { .. } => "damaged",
            Refusal::SeveralRecordings => "several_recordings",
            Refusal::NoVideo => "no_video",
            Refusal::DolbyVision => "dolby_vision",
            Refusal::Colours { .. } => "colours",
            Refusal::Encrypted => "encrypted",
            Refusal::ZeroDuration => "zero_duration",
            Refusal::TooLong { .. } => "too_long",
            Refusal::PictureSize { .. } => "picture_size",
            Refusal::Undecodable { .. } => "undecodable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_code_is_the_code() {
        let refusal = Refusal::TooLong { seconds: 30_000, limit_hours: 8 };
        let stored = serde_json::to_value(&refusal).unwrap();
        assert_eq!(stored["code"], refusal.code());
        assert_eq!(refusal.to_string(), "the video lasts 8.3 h; at most 8 h are accepted; upload it in parts");
        assert_eq!(serde_json::from_value::<Refusal>(stored).unwrap(), refusal);
    }
}
