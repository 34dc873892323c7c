//! Seek pictures and the poster of a film.

use serde::{Deserialize, Serialize};

use crate::recipe::source::Source;

/// A picture is kept for seeking this often.
pub const SPRITE_SECONDS: u64 = 10;

/// Seek pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sprites {
    pub count: u64,
    /// Pixels of one picture.
    pub width: u32,
    /// Pixels of one picture.
    pub height: u32,
    /// Pictures per row of a sheet.
    pub columns: u64,
    pub rows: u64,
    /// Whether pictures that can be decoded alone come often enough to decode only those.
    pub keys_only: bool,
    /// Pixels of the poster.
    pub poster_width: u32,
    /// Pixels of the poster.
    pub poster_height: u32,
}

impl Sprites {
    /// Planned for a source.
    pub fn of(source: &Source) -> Self {
        let (width, height) = (f64::from(source.video.width), f64::from(source.video.height));
        let inside = |box_width: f64, box_height: f64| {
            let scale = (box_width / width).min(box_height / height).min(1.0);
            let even = |side: f64| ((side * scale / 2.0).round() as u32 * 2).max(2);
            (even(width), even(height))
        };
        let is_upright = height > width;
        let (small, poster) = if is_upright {
            (inside(90.0, 160.0), inside(720.0, 1280.0))
        } else {
            (inside(160.0, 90.0), inside(1280.0, 720.0))
        };
        let count = (source.seconds / SPRITE_SECONDS as f64).ceil().max(1.0) as u64;
        let columns = count.min(10);
        Self {
            count,
            width: small.0,
            height: small.1,
            columns,
            rows: count.div_ceil(columns).min(10),
            keys_only: source.video.key_gap_seconds > 0.0 && source.video.key_gap_seconds <= SPRITE_SECONDS as f64,
            poster_width: poster.0,
            poster_height: poster.1,
        }
    }
}
