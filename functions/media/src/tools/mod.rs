//! ffmpeg and ffprobe under limits, and what they read and write.

pub mod boxes;
pub mod container;
pub mod error;
pub mod ffmpeg;
pub mod ffprobe;
pub mod input;
pub mod limits;
mod process;
pub mod refusal;
