//! What can go wrong while media is worked on, and whether a further attempt can help.

use std::path::PathBuf;

use crate::tools::{boxes::BoxError, refusal::Refusal};

/// A failure of one piece of media work.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The source itself is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The tool is not there or may not be started.
    #[error("{tool} could not be started: {source}")]
    Start {
        /// `ffmpeg` or `ffprobe`.
        tool: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The tool was killed because its time was up.
    #[error("{tool} was stopped after {seconds} s")]
    TimeUp {
        /// `ffmpeg` or `ffprobe`.
        tool: &'static str,
        /// The wall time it was given.
        seconds: u64,
    },
    /// The tool ended with an error.
    #[error("{tool} failed ({status}): {detail}")]
    Tool {
        /// `ffmpeg` or `ffprobe`.
        tool: &'static str,
        /// Exit status or signal.
        status: String,
        /// The end of what it wrote to stderr.
        detail: String,
    },
    /// The tool ended well, but what it made is not what was asked for.
    #[error("{what}")]
    Unexpected {
        /// What is wrong, with expected and found values.
        what: String,
    },
    /// Another encoder build than the one the plan was made for: its bytes would not join the other chunks.
    #[error("the plan was made for encoder {planned}, here is {found}")]
    Encoder {
        /// The build in the plan.
        planned: String,
        /// The build that would run.
        found: String,
    },
    /// A file of the work folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// An MP4 structure that no encoder of ours writes.
    #[error(transparent)]
    Boxes(#[from] BoxError),
}

impl MediaError {
    pub(crate) fn unexpected(what: impl Into<String>) -> MediaError {
        MediaError::Unexpected { what: what.into() }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> MediaError {
        let path = path.into();
        move |source| MediaError::File { path, source }
    }
}
