//! Uploads of sources, in parts.

pub mod parts;
pub mod upload;
