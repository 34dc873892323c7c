//! What the studio sees of a film in the making: the asset, its jobs, and what others hear of them.

pub mod announcement;
pub mod asset;
pub mod failure;
pub mod job;
pub mod object;
pub mod progress;
pub mod removal;
pub mod row;
pub mod step;
pub mod summary;
