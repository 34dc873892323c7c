//! The ETL from an upload to a film: what a source is, how it is encoded, and the proof that the result is whole.
//!
//! Each folder knows only those before it:
//!
//! | folder | holds |
//! |---|---|
//! | [`tools`] | ffmpeg and ffprobe under limits, containers, MP4 boxes |
//! | [`recipe`] | what a source is and the plan of its film: pure |
//! | [`film`] | what the workers note down, the film put together from it, and its playlists: pure |
//! | [`encode`] | from a source to the files of a film: probe, remux, chunks, sound, seek pictures |
//! | [`proof`] | that the encoded film is whole and equals one continuous encode |
//! | [`assets`], [`uploads`], [`title`] | what the studio sees: an asset, its jobs, an upload, and the title it is for |
//! | [`captions`] | an editor's captions: any format in, WebVTT out; which of them viewers are offered |
//! | `store` | the table `assets` |
//! | `pipeline` | carries jobs through crashes |
//! | [`operations`] | one file per Lambda |
//!
//! Up to `proof` nothing knows AWS: sources are URLs or files, results are files and ledger rows.

pub mod assets;
pub mod captions;
pub mod encode;
pub mod film;
pub mod operations;
mod pipeline;
mod problems;
pub mod proof;
pub mod recipe;
mod store;
pub mod title;
pub mod tools;
pub mod uploads;
