//! What opens the addresses of a playback session: its token in those of the playlists, CloudFront's signature in those of the segments.

pub mod signed_url;
mod token;

pub use token::{PlaybackClaims, TokenError, TokenKey};
