//! What a profile has on record of a title apart from playing it here: its rating, and that another service showed it.

use events::TitleRecord;
use serde::{Deserialize, Serialize};

use crate::millis;

/// From so many stars of ten on somebody likes a title.
const LIKED: u8 = 7;
/// Up to so many they do not.
const DISLIKED: u8 = 4;

/// The newest word on a title. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Grows with each change of the profile.
    pub sequence: i64,
    /// 1 to 10.
    pub stars: Option<u8>,
    /// When another service showed it.
    pub seen_elsewhere_at: Option<i64>,
    /// When it changed.
    pub at: i64,
}

impl Record {
    /// What an event says.
    pub fn of(change: &TitleRecord) -> Self {
        Self {
            sequence: change.sequence,
            stars: change.stars,
            seen_elsewhere_at: change.seen_elsewhere_at.map(millis::of),
            at: millis::of(change.at),
        }
    }

    /// When the profile said or showed that it likes the title: by many stars, or by having seen it elsewhere without a word on it.
    pub fn liked_at(&self) -> Option<i64> {
        match self.stars {
            Some(stars) => (stars >= LIKED).then_some(self.at),
            None => self.seen_elsewhere_at,
        }
    }

    /// Whether the profile wants nothing like it.
    pub fn is_disliked(&self) -> bool {
        self.stars.is_some_and(|stars| stars <= DISLIKED)
    }

    /// Whether the title is no news for the profile.
    pub fn is_known(&self) -> bool {
        self.stars.is_some() || self.seen_elsewhere_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_say_more_than_having_seen_it() {
        for (stars, seen, liked, disliked, known) in [
            (None, None, None, false, false),
            (None, Some(5), Some(5), false, true),
            (Some(7), None, Some(9), false, true),
            (Some(7), Some(5), Some(9), false, true),
            (Some(5), Some(5), None, false, true),
            (Some(4), Some(5), None, true, true),
        ] {
            let record = Record { sequence: 1, stars, seen_elsewhere_at: seen, at: 9 };
            assert_eq!(
                (record.liked_at(), record.is_disliked(), record.is_known()),
                (liked, disliked, known),
                "{stars:?}"
            );
        }
    }
}
