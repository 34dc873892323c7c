//! What somebody has watched in one playback session, as the session itself reports it.

use std::time::Duration;

use events::Event;
use kernel::{AccountId, PlaybackId, ProfileId, TitleId};
use proto::{streaming::Playback, types};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Longer than any film: keeps sums far from overflow.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// From this share on a title was begun.
pub const BEGUN_PERCENT: i64 = 5;
/// From this share on it was seen to its end.
pub const FINISHED_PERCENT: i64 = 90;
/// Whatever is shorter is not continued: trailers, clips.
pub const SHORTEST_MS: i64 = 5 * 60 * 1000;

/// The state of a playback session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewing {
    /// The session.
    pub session: PlaybackId,
    /// Whose.
    pub account: AccountId,
    /// Who watches.
    pub profile: ProfileId,
    /// What.
    pub title: TitleId,
    /// The highest stays.
    pub sequence: i64,
    /// From the beginning of the film.
    pub position_ms: i64,
    /// Of the film, really played.
    pub watched_ms: i64,
    /// Of the film in all.
    pub duration_ms: i64,
    /// When the session began.
    pub started_at: OffsetDateTime,
    /// When this was so.
    pub at: OffsetDateTime,
}

/// The event does not describe a playback session; no retry helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a viewing: {0}")]
pub struct NotAViewing(String);

impl Viewing {
    /// Reads an event of the stream; `None` for those that are about something else.
    pub fn read(event: &Event) -> Result<Option<Self>, NotAViewing> {
        match event.kind.as_str() {
            types::PLAYBACK_STARTED
            | types::PLAYBACK_PROGRESSED
            | types::PLAYBACK_STOPPED
            | types::PLAYBACK_EXPIRED => Self::of(event).map(Some),
            _ => Ok(None),
        }
    }

    fn of(event: &Event) -> Result<Self, NotAViewing> {
        let data: Playback = event.data().map_err(wrong)?;
        Ok(Self {
            session: data.session_id.parse().map_err(wrong)?,
            account: data.account_id.parse().map_err(wrong)?,
            profile: data.profile_id.parse().map_err(wrong)?,
            title: data.title_id.parse().map_err(wrong)?,
            sequence: event.sequence,
            position_ms: millis(data.position_seconds)?,
            watched_ms: millis(data.watched_seconds)?,
            duration_ms: millis(data.duration_seconds)?,
            started_at: OffsetDateTime::parse(&data.started_at, &Rfc3339).map_err(wrong)?,
            at: OffsetDateTime::parse(&data.at, &Rfc3339).map_err(wrong)?,
        })
    }
}

fn wrong(reason: impl ToString) -> NotAViewing {
    NotAViewing(reason.to_string())
}

/// Whole milliseconds: their sum is the same in every order.
fn millis(seconds: f64) -> Result<i64, NotAViewing> {
    if (0.0..=LONGEST.as_secs_f64()).contains(&seconds) {
        return Ok((seconds * 1000.0).round() as i64);
    }
    Err(wrong(format!("{seconds} s is no length of a film")))
}

#[cfg(test)]
mod tests {
    use kernel::World;
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str) -> Event {
        let data = Playback {
            session_id: "pbs_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            account_id: "acc_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            profile_id: "prf_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            title_id: "ttl_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            position_seconds: 12.5,
            started_at: "2026-01-01T12:00:00Z".to_owned(),
            at: "2026-01-01T12:01:00Z".to_owned(),
            ..Playback::default()
        };
        Event::new(&World::system(), kind, &data.session_id, 3, &data)
    }

    #[test]
    fn only_playback_is_a_viewing() {
        let viewing = Viewing::read(&event(types::PLAYBACK_PROGRESSED)).unwrap().unwrap();
        assert_eq!((viewing.sequence, viewing.position_ms, viewing.duration_ms), (3, 12_500, 0));
        assert_eq!(Viewing::read(&event(types::PLAYER_SAMPLED)), Ok(None));
    }

    #[test]
    fn what_is_no_viewing_is_refused() {
        for (member, value) in [
            ("session_id", json!("")),
            ("profile_id", json!("acc_01jd3k5m7n9pqrstvwxyz01234")),
            ("title_id", json!("x")),
            ("at", json!("now")),
            ("position_seconds", json!(-1)),
            ("position_seconds", json!("NaN")),
            ("watched_seconds", json!(1e300)),
            ("started_at", Value::Null),
        ] {
            let mut event = event(types::PLAYBACK_STOPPED);
            event.data[member] = value.clone();
            assert!(Viewing::read(&event).is_err(), "{member}: {value}");
        }
    }
}
