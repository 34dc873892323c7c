//! Where a profile stopped in a title: the last writer by client time within a session, by the order of sessions across.

use kernel::{PlaybackId, TitleId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{millis, session::Session};

/// From this share on a title counts as seen.
const SEEN: f64 = 0.95;

/// A stored position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    pub title: TitleId,
    /// The session that wrote it.
    pub session: PlaybackId,
    /// Orders sessions.
    pub fence: i64,
    /// Orders reports of one session.
    #[serde(with = "millis")]
    pub client_at: OffsetDateTime,
    /// Seconds from the beginning.
    pub position: f64,
    /// Seconds in all; 0 when unknown.
    pub duration: f64,
}

impl Position {
    /// What a session says about the place it has reached.
    pub fn of(session: &Session) -> Self {
        Self {
            title: session.title,
            session: session.id,
            fence: session.fence,
            client_at: session.client_at,
            position: session.position,
            duration: session.duration,
        }
    }

    /// Whether it takes the place of `other`.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        (self.fence, self.client_at) > (other.fence, other.client_at)
    }

    /// Whether the title counts as seen.
    pub fn is_finished(&self) -> bool {
        self.duration > 0.0 && self.position >= SEEN * self.duration
    }

    /// Where the next session begins: from the start again when the title was seen.
    pub fn resume_at(&self) -> f64 {
        if self.is_finished() { 0.0 } else { self.position }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    use super::*;

    fn position(fence: i64, seconds: i64, position: f64) -> Position {
        Position {
            title: TitleId::from_uuid(Uuid::from_u128(1)),
            session: PlaybackId::from_uuid(Uuid::from_u128(2)),
            fence,
            client_at: datetime!(2026-01-01 12:00 UTC) + Duration::seconds(seconds),
            position,
            duration: 100.0,
        }
    }

    #[test]
    fn a_title_that_was_seen_begins_again() {
        assert_eq!(position(1, 0, 94.9).resume_at(), 94.9);
        assert_eq!(position(1, 0, 95.0).resume_at(), 0.0);
        let unknown = Position { duration: 0.0, ..position(1, 0, 50.0) };
        assert_eq!(unknown.resume_at(), 50.0);
    }

    proptest! {
        #[test]
        fn any_order_of_writes_ends_in_the_same_position(writes in proptest::collection::vec((0i64..4, 0i64..50), 1..12), seed: u64) {
            let writes: Vec<_> = writes.iter().map(|(fence, at)| position(*fence, *at, (*fence * 100 + *at) as f64)).collect();
            let apply = |writes: &[Position]| {
                writes.iter().cloned().reduce(|stored, next| if next.is_newer_than(&stored) { next } else { stored })
            };
            let mut shuffled = writes.clone();
            shuffled.extend(writes.clone());
            let length = shuffled.len();
            for place in 0..length {
                shuffled.swap(place, (seed as usize).wrapping_mul(place + 7) % length);
            }
            prop_assert_eq!(apply(&writes), apply(&shuffled));
        }
    }
}
