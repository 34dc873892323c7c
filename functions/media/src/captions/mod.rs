//! Captions of a title: an editor's file becomes WebVTT, and which of them viewers are offered.
//!
//! They belong to the title and know nothing of its film: they may come before it, and stay when it is made once more.

pub mod announcement;
mod clock;
pub mod convert;
mod cue;
mod encoding;
pub mod language;
pub mod refusal;
mod srt;
mod text;
pub mod title;
pub mod track;
mod ttml;
mod vtt;

#[cfg(test)]
mod tests;
