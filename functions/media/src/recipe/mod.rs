//! What a source is and how its film is made. Pure: no I/O, the same input gives the same plan.

pub mod colour;
pub mod decision;
pub mod ladder;
pub mod language;
pub mod left_over;
pub mod plan;
pub mod rate;
pub mod shape;
pub mod sound;
pub mod source;
pub mod sprites;
pub mod timing;
pub mod tracks;
