//! From a source to the files of a film.

pub mod audio;
pub mod chunk;
pub mod cost;
pub mod damage;
pub mod hashes;
pub mod muxer;
pub mod picture;
pub mod probe;
pub mod remux;
pub mod segments;
pub mod sprites;
