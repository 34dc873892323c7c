//! What a profile saw of one title: the newest state of each playback session. A join, so that no order and no number of events matters.

use events::{Playback, contracts::PlaybackState};
use kernel::{PlaybackId, Progress};
use serde::{Deserialize, Serialize};

use crate::millis;

/// The sessions that began last are kept: a child's favourite film is watched more often than that, but says nothing new.
const KEPT: usize = 20;
/// From this share of the running time on, really played, somebody liked what they saw.
const LIKED_PERCENT: u64 = 70;
/// From this share on nobody wants the title proposed any more.
const SEEN_PERCENT: u64 = 5;

/// A playback session of the title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    pub session: PlaybackId,
    /// Version of the session: the highest wins.
    pub sequence: i64,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// When the picture last moved, as far as was told: a session begins with it. Milliseconds since 1970.
    #[serde(default)]
    pub played_at: i64,
    pub position_ms: u32,
    /// Of the film, really played so far.
    pub watched_ms: u32,
    /// Of the film in all; 0 when unknown.
    pub duration_ms: u32,
}

impl Watch {
    /// What an event says.
    pub fn of(playback: &Playback) -> Self {
        let (started_at, at) = (millis::of(playback.started_at), millis::of(playback.at));
        Self {
            session: playback.session,
            sequence: playback.sequence,
            started_at,
            at,
            played_at: if playback.state == PlaybackState::Playing { at } else { started_at },
            position_ms: playback.position_ms,
            watched_ms: playback.watched_ms,
            duration_ms: playback.duration_ms,
        }
    }

    fn progress(&self) -> Progress {
        Progress { position_ms: self.position_ms.into(), duration_ms: self.duration_ms.into() }
    }
}

/// All that is kept of a profile and a title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewing {
    /// Of the item; 0 when there is none.
    pub version: i64,
    /// The session that began last comes first.
    pub watches: Vec<Watch>,
}

impl Viewing {
    /// Takes in a state of a session.
    pub fn note(&mut self, watch: Watch) {
        match self.watches.iter_mut().find(|known| known.session == watch.session) {
            Some(known) => {
                let played_at = known.played_at.max(watch.played_at);
                if known.sequence < watch.sequence {
                    *known = watch;
                }
                known.played_at = played_at;
            }
            None => self.watches.push(watch),
        }
        self.watches.sort_by_key(|watch| std::cmp::Reverse((watch.started_at, watch.session)));
        self.watches.truncate(KEPT);
    }

    /// Forgets the sessions that had begun by then.
    pub fn forget(&mut self, until: i64) {
        self.watches.retain(|watch| watch.started_at > until);
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// When the profile last played it.
    pub fn last_at(&self) -> i64 {
        self.watches.iter().map(|watch| watch.at).max().unwrap_or_default()
    }

    /// When the picture last moved: being paused, ended or silent is no playing.
    pub fn played_at(&self) -> i64 {
        self.watches.iter().map(|watch| watch.played_at.max(watch.started_at)).max().unwrap_or_default()
    }

    /// Whether the title is no news for the profile.
    pub fn is_seen(&self) -> bool {
        self.plays(SEEN_PERCENT)
            || self.watches.iter().any(|watch| watch.progress().is_watched())
            || self.is_continued()
    }

    /// Whether enough was played, over all sessions, to say that the profile liked it.
    pub fn is_liked(&self) -> bool {
        self.plays(LIKED_PERCENT)
    }

    /// Whether it is offered to watch on.
    pub fn is_continued(&self) -> bool {
        self.watches.first().is_some_and(|newest| newest.progress().is_continued())
    }

    fn plays(&self, percent: u64) -> bool {
        let played: u64 = self.watches.iter().map(|watch| u64::from(watch.watched_ms)).sum();
        let length = self.watches.iter().map(|watch| u64::from(watch.duration_ms)).max().unwrap_or_default();
        length > 0 && played * 100 >= length * percent
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use proptest::{collection::vec, prelude::*};
    use uuid::Uuid;

    use super::*;

    fn watch(session: u8, sequence: i64, position: u32, watched: u32) -> Watch {
        Watch {
            session: PlaybackId::from_uuid(Uuid::from_u128(session.into())),
            sequence,
            started_at: i64::from(session / 2) * 1_000,
            at: i64::from(session / 2) * 1_000 + sequence,
            // What plays and what stands alternate.
            played_at: i64::from(session / 2) * 1_000 + if sequence % 2 == 0 { sequence } else { 0 },
            position_ms: position,
            watched_ms: watched,
            duration_ms: 6_000_000,
        }
    }

    fn viewing(watches: &[Watch]) -> Viewing {
        let mut viewing = Viewing::default();
        watches.iter().for_each(|watch| viewing.note(*watch));
        viewing
    }

    #[test]
    fn liking_takes_what_was_played_and_not_a_jump_to_the_end() {
        let film = 6_000_000;
        let said = |watches: &[Watch]| {
            let viewing = viewing(watches);
            (viewing.is_seen(), viewing.is_liked(), viewing.is_continued())
        };
        assert_eq!(said(&[watch(1, 1, 0, 0)]), (false, false, false));
        assert_eq!(said(&[watch(1, 1, 250_000, 250_000)]), (false, false, false));
        assert_eq!(said(&[watch(1, 1, 300_000, 300_000)]), (true, false, true));
        assert_eq!(said(&[watch(1, 1, film, 1_000)]), (true, false, false), "jumped to the end");
        assert_eq!(said(&[watch(1, 1, 4_200_000, 4_200_000)]), (true, true, true));
        // In two evenings, the second goes on where the first ended.
        assert_eq!(said(&[watch(1, 1, 2_100_000, 2_100_000), watch(9, 1, 4_200_000, 2_100_000)]), (true, true, true));
        let unknown = Watch { duration_ms: 0, ..watch(1, 1, 4_200_000, 4_200_000) };
        assert_eq!(said(&[unknown]), (false, false, false));
    }

    /// Watches and erasures in the order in which they come; what was forgotten is refused afterwards, as the store does it.
    fn apply(events: &[Result<Watch, i64>]) -> Vec<Watch> {
        let (mut viewing, mut until) = (Viewing::default(), i64::MIN);
        for event in events {
            match event {
                Ok(watch) => viewing.note(*watch),
                Err(erased) => until = until.max(*erased),
            }
            viewing.forget(until);
        }
        viewing.watches
    }

    proptest! {
        #[test]
        fn any_order_and_number_of_events_ends_in_the_same_state(
            watches in vec((0u8..60, 1i64..5), 1..60), erasures in vec(-1i64..30, 0..3), seed: u64,
        ) {
            let watches = watches.iter().map(|(session, sequence)| Ok(watch(*session, *sequence, *sequence as u32, 0)));
            let mut events: Vec<_> = watches.chain(erasures.iter().map(|at| Err(at * 1_000))).collect();
            let expected = apply(&events);
            events.extend(events.clone());
            let length = events.len();
            for place in 0..length {
                events.swap(place, (seed as usize).wrapping_mul(place + 7) % length);
            }
            prop_assert_eq!(apply(&events), expected);
        }
    }
}
