//! The ETL from an upload to a film: what a source is, how it is encoded, and the proof that the result is whole.
//!
//! In the order of the work: [`source`] → [`remux`] → [`plan`] → [`chunk`], [`audio`], [`sprites`] → [`film`] →
//! [`package`] → [`proof`], [`verify`]. These modules know no AWS: sources are URLs or files, results are files and
//! ledger rows.
//!
//! Around them: [`upload`] and [`asset`] are what the studio sees, [`job`] is one piece of work with its lease, [`pipeline`]
//! and [`worker`] carry jobs through crashes, and [`operations`] has a file per Lambda.

pub mod announcement;
pub mod asset;
pub mod audio;
pub mod boxes;
pub mod chunk;
pub mod container;
pub mod cost;
pub mod dash;
pub mod error;
pub mod failure;
pub mod ffmpeg;
pub mod ffprobe;
pub mod film;
mod inspection;
pub mod job;
pub mod ladder;
pub mod language;
pub mod ledger;
pub mod limits;
mod objects;
pub mod operations;
pub mod package;
mod pipeline;
pub mod plan;
pub mod playlist;
pub mod progress;
pub mod proof;
pub mod rate;
pub mod refusal;
pub mod remux;
mod rows;
mod segments;
pub mod source;
mod sources;
pub mod sprites;
mod store;
pub mod timing;
mod transfer;
pub mod upload;
pub mod verify;
pub mod violation;
mod worker;
