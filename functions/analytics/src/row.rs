//! From events to rows: pure, so that a record that cannot become a row is known before anything is written.

use events::{ContractError, Event, Exposure, Payment, Playback, PlayerSample, Title, contracts::BilledSubscription};
use kernel::{AssetId, EventId, Locale, PlaybackId, ProfileId, TitleId};
use proto::types;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{
    hour::Hour,
    moment::millis,
    money::{PaymentRow, SubscriptionRow},
};

/// Clocks of servers differ by less. What claims to be later is set aside: it would open an hour that nobody computes.
const AHEAD: Duration = Duration::HOUR;

/// A row of `playback_events`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct PlaybackRow {
    event_id: EventId,
    kind: String,
    session_id: PlaybackId,
    sequence: u64,
    pub(crate) profile_id: ProfileId,
    pub(crate) title_id: TitleId,
    asset_id: AssetId,
    device_id: String,
    territory: String,
    state: String,
    hour: u32,
    /// Milliseconds since 1970, like every time of a row.
    pub(crate) started_at: i64,
    at: i64,
    position_ms: u64,
    watched_ms: u64,
    duration_ms: u64,
    ingested_at: i64,
}

/// A row of `player_samples`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct SampleRow {
    event_id: EventId,
    kind: String,
    session_id: PlaybackId,
    title_id: TitleId,
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
    title_id: TitleId,
    sequence: u64,
    kind: String,
    name: String,
    publication: String,
    genres: Vec<String>,
    deleted: bool,
}

/// A row of `title_holders`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct HolderRow {
    title_id: TitleId,
    sequence: u64,
    rights_holder: String,
    at: i64,
    ingested_at: i64,
}

/// A row of `exposures`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct ExposureRow {
    event_id: EventId,
    experiment: String,
    variant: String,
    is_control: bool,
    pub(crate) profile_id: ProfileId,
    pub(crate) exposed_at: i64,
    precedence: u64,
}

/// What one event becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A state of a playback session.
    Playback(PlaybackRow),
    /// A sample of a player.
    Sample(SampleRow),
    /// A state of a title, and who is paid for it.
    Title(TitleRow, HolderRow),
    /// A state of a subscription.
    Subscription(SubscriptionRow),
    /// A state of a payment.
    Payment(PaymentRow),
    /// A profile was served by a variant of an experiment.
    Exposure(ExposureRow),
}

/// The event cannot be stored; no retry helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unstorable {
    /// It does not keep its contract.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// A time that no table holds.
    #[error("{0}: is not between 1970 and 2106")]
    Hour(&'static str),
    /// It claims to come from the future.
    #[error("{0}: lies in the future")]
    Future(&'static str),
}

/// The row of an event that was received at `now`; `None` for one that analytics does not count.
pub fn of(event: &Event, now: OffsetDateTime) -> Result<Option<Row>, Unstorable> {
    let time = past("time", event.time, now)?;
    match event.kind.as_str() {
        types::TITLE_CHANGED => {
            let told = Title::read(event)?;
            Ok(Some(Row::Title(title(&told), holder(told, time, now))))
        }
        types::SUBSCRIPTION_CHANGED => {
            let told = BilledSubscription::read(event)?;
            Ok(SubscriptionRow::of(told, time, now).map(Row::Subscription))
        }
        types::PAYMENT_CHANGED => Ok(Some(Row::Payment(PaymentRow::of(&Payment::read(event)?, time, now)))),
        types::PLAYER_SAMPLED => sample(event.id, PlayerSample::read(event)?, now).map(Row::Sample).map(Some),
        types::PROFILE_EXPOSED => exposure(event.id, Exposure::read(event)?, now).map(Row::Exposure).map(Some),
        kind if Playback::TYPES.contains(&kind) => {
            playback(event.id, Playback::read(event)?, now).map(Row::Playback).map(Some)
        }
        _ => Ok(None),
    }
}

fn playback(event_id: EventId, told: Playback, now: OffsetDateTime) -> Result<PlaybackRow, Unstorable> {
    Ok(PlaybackRow {
        event_id,
        kind: told.change.to_string(),
        session_id: told.session,
        sequence: told.sequence.unsigned_abs(),
        profile_id: told.profile,
        title_id: told.title,
        asset_id: told.asset,
        device_id: told.device,
        territory: told.territory.to_string(),
        state: told.state.to_string(),
        hour: hour("started_at", past("started_at", told.started_at, now)?)?,
        started_at: millis(told.started_at),
        at: millis(past("at", told.at, now)?),
        position_ms: told.position_ms.into(),
        watched_ms: told.watched_ms.into(),
        duration_ms: told.duration_ms.into(),
        ingested_at: millis(now),
    })
}

fn sample(event_id: EventId, told: PlayerSample, now: OffsetDateTime) -> Result<SampleRow, Unstorable> {
    Ok(SampleRow {
        event_id,
        kind: told.kind.to_string(),
        session_id: told.session,
        title_id: told.title,
        code: told.code,
        value: told.value,
        position_ms: told.position_ms.into(),
        hour: hour("at", past("at", told.at, now)?)?,
        at: millis(told.at),
        client_time: told.client_time,
        ingested_at: millis(now),
    })
}

fn exposure(event_id: EventId, told: Exposure, now: OffsetDateTime) -> Result<ExposureRow, Unstorable> {
    let exposed_at = millis(past("exposed_at", told.at, now)?);
    Ok(ExposureRow {
        event_id,
        experiment: told.experiment,
        variant: told.variant,
        is_control: told.is_control,
        profile_id: told.profile,
        exposed_at,
        precedence: i64::MAX.abs_diff(exposed_at),
    })
}

fn title(told: &Title) -> TitleRow {
    TitleRow {
        title_id: told.id,
        sequence: told.sequence.unsigned_abs(),
        kind: told.kind.to_string(),
        name: told.names.for_reader(&Locale::english().into()).to_owned(),
        publication: told.rules.publication.to_string(),
        genres: told.genres.clone(),
        deleted: told.is_deleted,
    }
}

fn holder(told: Title, at: OffsetDateTime, now: OffsetDateTime) -> HolderRow {
    HolderRow {
        title_id: told.id,
        sequence: told.sequence.unsigned_abs(),
        rights_holder: told.rights_holder.unwrap_or_default(),
        at: millis(at),
        ingested_at: millis(now),
    }
}

fn past(field: &'static str, moment: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, Unstorable> {
    if moment <= now + AHEAD { Ok(moment) } else { Err(Unstorable::Future(field)) }
}

fn hour(field: &'static str, moment: OffsetDateTime) -> Result<u32, Unstorable> {
    Hour::of(moment).map(Hour::seconds).ok_or(Unstorable::Hour(field))
}

#[cfg(test)]
mod tests {
    use kernel::{AccountId, World};
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn playback_event(change: impl FnOnce(&mut Value)) -> Event {
        let (world, _) = World::replay(NOW, 1);
        let session: PlaybackId = world.id();
        let mut data = json!({
            "session_id": session, "account_id": world.id::<AccountId>(), "profile_id": world.id::<ProfileId>(),
            "title_id": world.id::<TitleId>(), "asset_id": world.id::<AssetId>(), "state": "playing",
            "watched_seconds": 12.3456, "duration_seconds": 60.0,
            "started_at": "2026-01-01T11:59:59.5Z", "at": "2026-01-01T12:00:00Z",
        });
        change(&mut data);
        Event::new(&world, types::PLAYBACK_PROGRESSED, session, 3, &data)
    }

    #[test]
    fn what_cannot_be_stored_says_why() {
        let refused = |change: fn(&mut Value)| of(&playback_event(change), NOW).unwrap_err().to_string();
        for (change, field) in [
            ((|data| data["session_id"] = json!("ses_1")) as fn(&mut Value), "session_id"),
            (|data| data["title_id"] = json!(""), "title_id"),
            (|data| data["watched_seconds"] = json!(-1.0), "watched_seconds"),
            (|data| data["watched_seconds"] = json!("NaN"), "watched_seconds"),
            (|data| data["duration_seconds"] = json!(1e300), "duration_seconds"),
            (|data| data["started_at"] = json!("1960-01-01T00:00:00Z"), "started_at"),
            (|data| data["at"] = json!("noon"), "at"),
            (|data| data["at"] = json!("2026-01-01T13:00:01Z"), "at"),
            (|data| data["started_at"] = json!("2105-01-01T00:00:00Z"), "started_at"),
        ] {
            let reason = refused(change);
            assert!(reason.starts_with(field), "{reason}");
        }
        let long = of(&playback_event(|data| data["device_id"] = json!("x".repeat(1001))), NOW);
        let Ok(Some(Row::Playback(row))) = long else { panic!("a row") };
        assert_eq!(row.device_id.len(), 1000, "text is cut, never refused");
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
        let data = json!({"title_id": id, "kind": "film", "publication": "published", "original_title": "Война и мир",
            "localisations": [{"locale": "ru", "name": "Война и мир"}, {"locale": "en-GB", "name": "War and Peace"}]});
        let Ok(Some(Row::Title(row, holder))) = of(&Event::new(&world, types::TITLE_CHANGED, id, 2, &data), NOW) else {
            panic!("a row")
        };
        assert_eq!((row.name.as_str(), row.sequence), ("War and Peace", 2));
        assert_eq!((holder.rights_holder.as_str(), holder.sequence), ("", 2));
        let foreign = Event::new(&world, types::ASSET_READY, "ast_1", 1, &json!({}));
        assert_eq!(of(&foreign, NOW), Ok(None));
    }
}
