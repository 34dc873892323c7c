//! From events to rows: pure, so that a record that cannot become a row is known before anything is written.

use events::Event;
use kernel::{AssetId, PlaybackId, ProfileId, TitleId};
use proto::types;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::hour::Hour;

/// Longer than any session: keeps sums far from overflow.
const LONGEST_SECONDS: f64 = 7.0 * 86_400.0;
const LONGEST_TEXT: usize = 1000;

/// A row of `playback_events`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct PlaybackRow {
    event_id: String,
    kind: String,
    session_id: String,
    sequence: u64,
    profile_id: String,
    title_id: String,
    asset_id: String,
    device_id: String,
    territory: String,
    state: String,
    hour: u32,
    started_at: i64,
    at: i64,
    position_ms: u64,
    watched_ms: u64,
    duration_ms: u64,
    ingested_at: i64,
}

impl PlaybackRow {
    /// Who watched.
    pub fn profile(&self) -> &str {
        &self.profile_id
    }

    /// What.
    pub fn title(&self) -> &str {
        &self.title_id
    }

    /// When the session began, in milliseconds since 1970.
    pub fn started_at(&self) -> i64 {
        self.started_at
    }
}

/// A row of `player_samples`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct SampleRow {
    event_id: String,
    kind: String,
    session_id: String,
    title_id: String,
    code: String,
    value: f64,
    position_ms: u64,
    hour: u32,
    at: i64,
    client_time: String,
    ingested_at: i64,
}

/// A row of `titles`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct TitleRow {
    title_id: String,
    sequence: u64,
    kind: String,
    name: String,
    publication: String,
    genres: Vec<String>,
    deleted: bool,
}

/// What one event becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A state of a playback session.
    Playback(PlaybackRow),
    /// A sample of a player.
    Sample(SampleRow),
    /// A state of a title.
    Title(TitleRow),
}

/// The event's data cannot be stored; no retry helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Unstorable {
    field: &'static str,
    reason: String,
}

fn unstorable(field: &'static str, reason: impl ToString) -> Unstorable {
    Unstorable { field, reason: reason.to_string() }
}

/// The row of an event that was received at `now`; `None` for one that analytics does not count.
pub fn of(event: &Event, now: OffsetDateTime) -> Result<Option<Row>, Unstorable> {
    match event.kind.as_str() {
        types::PLAYBACK_STARTED => playback("started", event, now).map(Some),
        types::PLAYBACK_PROGRESSED => playback("progressed", event, now).map(Some),
        types::PLAYBACK_STOPPED => playback("stopped", event, now).map(Some),
        types::PLAYBACK_EXPIRED => playback("expired", event, now).map(Some),
        types::PLAYER_SAMPLED => sample(event, now).map(Some),
        types::TITLE_CHANGED => title(event).map(Some),
        _ => Ok(None),
    }
}

fn playback(kind: &str, event: &Event, now: OffsetDateTime) -> Result<Row, Unstorable> {
    let data: proto::streaming::Playback = event.data().map_err(|error| unstorable("data", error))?;
    let started_at = moment("started_at", &data.started_at)?;
    Ok(Row::Playback(PlaybackRow {
        event_id: event.id.to_string(),
        kind: kind.to_owned(),
        session_id: id::<PlaybackId>("session_id", data.session_id)?,
        sequence: sequence(event)?,
        profile_id: id::<ProfileId>("profile_id", data.profile_id)?,
        title_id: id::<TitleId>("title_id", data.title_id)?,
        asset_id: id::<AssetId>("asset_id", data.asset_id)?,
        device_id: text("device_id", data.device_id)?,
        territory: text("territory", data.territory)?,
        state: text("state", data.state)?,
        hour: hour("started_at", started_at)?,
        started_at: millis(started_at),
        at: millis(moment("at", &data.at)?),
        position_ms: duration("position_seconds", data.position_seconds)?,
        watched_ms: duration("watched_seconds", data.watched_seconds)?,
        duration_ms: duration("duration_seconds", data.duration_seconds)?,
        ingested_at: millis(now),
    }))
}

fn sample(event: &Event, now: OffsetDateTime) -> Result<Row, Unstorable> {
    let data: proto::player::Sample = event.data().map_err(|error| unstorable("data", error))?;
    let at = moment("at", &data.at)?;
    if !data.value.is_finite() {
        return Err(unstorable("value", "not a number"));
    }
    Ok(Row::Sample(SampleRow {
        event_id: event.id.to_string(),
        kind: text("kind", data.kind)?,
        session_id: id::<PlaybackId>("session_id", data.session_id)?,
        title_id: id::<TitleId>("title_id", data.title_id)?,
        code: text("code", data.code)?,
        value: data.value,
        position_ms: duration("position_seconds", data.position_seconds)?,
        hour: hour("at", at)?,
        at: millis(at),
        client_time: text("client_time", data.client_time)?,
        ingested_at: millis(now),
    }))
}

fn title(event: &Event) -> Result<Row, Unstorable> {
    let data: proto::catalog::TitleChanged = event.data().map_err(|error| unstorable("data", error))?;
    let english = data.localisations.iter().position(|local| local.locale.starts_with("en")).unwrap_or(0);
    let name = data.localisations.into_iter().nth(english).map_or(data.original_title, |local| local.name);
    Ok(Row::Title(TitleRow {
        title_id: id::<TitleId>("title_id", data.title_id)?,
        sequence: sequence(event)?,
        kind: text("kind", data.kind)?,
        name: text("name", name)?,
        publication: text("publication", data.publication)?,
        genres: data.genres,
        deleted: data.deleted,
    }))
}

fn sequence(event: &Event) -> Result<u64, Unstorable> {
    u64::try_from(event.sequence).map_err(|_| unstorable("sequence", "negative"))
}

fn id<T: kernel::Id>(field: &'static str, text: String) -> Result<String, Unstorable> {
    text.parse::<T>().map(|_| text).map_err(|error| unstorable(field, error))
}

fn text(field: &'static str, text: String) -> Result<String, Unstorable> {
    if text.len() > LONGEST_TEXT { Err(unstorable(field, "too long")) } else { Ok(text) }
}

fn moment(field: &'static str, text: &str) -> Result<OffsetDateTime, Unstorable> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|error| unstorable(field, error))
}

fn hour(field: &'static str, moment: OffsetDateTime) -> Result<u32, Unstorable> {
    Hour::of(moment).map(Hour::seconds).ok_or_else(|| unstorable(field, "not between 1970 and 2106"))
}

fn millis(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

fn duration(field: &'static str, seconds: f64) -> Result<u64, Unstorable> {
    if !(0.0..=LONGEST_SECONDS).contains(&seconds) {
        return Err(unstorable(field, "not between 0 s and 7 days"));
    }
    // In range, so nothing is cut off.
    Ok((seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use kernel::World;
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn playback_event(change: impl FnOnce(&mut proto::streaming::Playback)) -> Event {
        let (world, _) = World::replay(NOW, 1);
        let session: PlaybackId = world.id();
        let mut data = proto::streaming::Playback {
            session_id: session.to_string(),
            profile_id: world.id::<ProfileId>().to_string(),
            title_id: world.id::<TitleId>().to_string(),
            asset_id: world.id::<AssetId>().to_string(),
            watched_seconds: 12.3456,
            duration_seconds: 60.0,
            started_at: "2026-01-01T11:59:59.5Z".to_owned(),
            at: "2026-01-01T12:00:00Z".to_owned(),
            ..Default::default()
        };
        change(&mut data);
        Event::new(&world, types::PLAYBACK_PROGRESSED, session, 3, &data)
    }

    #[test]
    fn what_cannot_be_stored_says_why() {
        let refused = |change: fn(&mut proto::streaming::Playback)| of(&playback_event(change), NOW).unwrap_err().field;
        assert_eq!(refused(|data| data.session_id = "ses_1".into()), "session_id");
        assert_eq!(refused(|data| data.title_id.clear()), "title_id");
        assert_eq!(refused(|data| data.watched_seconds = -1.0), "watched_seconds");
        assert_eq!(refused(|data| data.duration_seconds = 1e300), "duration_seconds");
        assert_eq!(refused(|data| data.started_at = "1960-01-01T00:00:00Z".into()), "started_at");
        assert_eq!(refused(|data| data.at = "noon".into()), "at");
        assert_eq!(refused(|data| data.device_id = "x".repeat(1001)), "device_id");
        let mut event = playback_event(|_| ());
        event.data["watched_seconds"] = json!("NaN");
        assert_eq!(of(&event, NOW).unwrap_err().field, "watched_seconds");
    }

    #[test]
    fn a_session_lies_in_the_hour_it_began_in() {
        let Ok(Some(Row::Playback(row))) = of(&playback_event(|_| ()), NOW) else { panic!("a row") };
        assert_eq!((row.watched_ms, row.sequence, row.kind.as_str()), (12_346, 3, "progressed"));
        assert_eq!(i64::from(row.hour), datetime!(2026-01-01 11:00 UTC).unix_timestamp());
    }

    #[test]
    fn titles_and_foreign_events_are_told_apart() {
        let (world, _) = World::replay(NOW, 1);
        let id: TitleId = world.id();
        let data = json!({"title_id": id, "kind": "film", "original_title": "Война и мир",
            "localisations": [{"locale": "ru", "name": "Война и мир"}, {"locale": "en-GB", "name": "War and Peace"}]});
        let Ok(Some(Row::Title(row))) = of(&Event::new(&world, types::TITLE_CHANGED, id, 2, &data), NOW) else {
            panic!("a row")
        };
        assert_eq!((row.name.as_str(), row.sequence), ("War and Peace", 2));
        let foreign = Event::new(&world, types::ASSET_READY, "ast_1", 1, &json!({}));
        assert_eq!(of(&foreign, NOW), Ok(None));
    }
}
