//! What of a page an experiment may change: the numbers that a page is usually made by, and how far they may be moved.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Of a row, at most so much has a genre in common.
const USUAL_GENRE: u8 = 40;
/// Of the picks, at most so much is what everybody watches.
const USUAL_HEAD: u8 = 25;
/// Below a fifth the shortest mixed row, of five titles, would have no title of any genre.
const GENRE: RangeInclusive<u8> = 20..=100;
const HEAD: RangeInclusive<u8> = 0..=100;

/// How rows are mixed, in percent of their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Serving {
    /// At most so much of a row has a genre in common, unless it is the genre's row: the less, the more diverse.
    #[schema(minimum = 20, maximum = 100, default = 40)]
    pub genre_percent: u8,
    /// At most so much of the picks is what everybody watches, or as much as the profile watches of it: the less, the more popularity is damped.
    #[schema(minimum = 0, maximum = 100, default = 25)]
    pub head_percent: u8,
}

impl Default for Serving {
    fn default() -> Self {
        Self { genre_percent: USUAL_GENRE, head_percent: USUAL_HEAD }
    }
}

impl Serving {
    /// What is out of its range: the field, and what it must be.
    pub fn violations(&self) -> Vec<(&'static str, String)> {
        let fields = [("genre_percent", self.genre_percent, GENRE), ("head_percent", self.head_percent, HEAD)];
        let wrong = fields.into_iter().filter(|(_, value, range)| !range.contains(value));
        wrong.map(|(name, _, range)| (name, format!("must be from {} to {}", range.start(), range.end()))).collect()
    }

    /// The greatest share of a row with a genre in common.
    pub fn of_one_genre(&self) -> f64 {
        f64::from(self.genre_percent) / 100.0
    }

    /// The greatest share of the picks that is what everybody watches, of whoever watches less of it.
    pub fn of_heads(&self) -> f64 {
        f64::from(self.head_percent) / 100.0
    }
}
