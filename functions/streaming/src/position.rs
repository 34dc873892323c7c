//! Where a profile stopped in a title: the last writer by client time within a session, by the order of sessions across.

use kernel::{PlaybackId, Progress, TitleId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{millis, session::Session};

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

    /// Whether the title counts as watched.
    pub fn is_finished(&self) -> bool {
        Progress::of_seconds(self.position, self.duration).is_watched()
    }

    /// Seconds at which the next session begins, in a film that is `duration` seconds long by now; 0: still as long as it was.
    pub fn resume_at(&self, duration: f64) -> f64 {
        let duration = if duration > 0.0 { duration } else { self.duration };
        Progress::of_seconds(self.position, duration).resumes_at_ms() as f64 / 1000.0
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
    fn a_title_that_was_watched_begins_again() {
        assert_eq!(position(1, 0, 89.999).resume_at(100.0), 89.999);
        assert_eq!(position(1, 0, 90.0).resume_at(100.0), 0.0);
        let unknown = Position { duration: 0.0, ..position(1, 0, 50.0) };
        assert_eq!((unknown.resume_at(0.0), unknown.resume_at(100.0), unknown.resume_at(55.0)), (50.0, 50.0, 0.0));
        // The film was exchanged for a shorter one.
        assert_eq!((position(1, 0, 80.0).resume_at(85.0), position(1, 0, 80.0).resume_at(0.0)), (0.0, 80.0));
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
