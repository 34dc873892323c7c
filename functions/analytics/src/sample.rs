//! What a player sends: checked one by one, clocks corrected, turned into events. Quality only: no sample ever makes a view.

use events::{Event, contracts::SampleKind};
use kernel::{EventId, Id, PlaybackId, World};
use playback::PlaybackClaims;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// An event as it is written, at most: its members with the longest texts need half of it.
pub const EVENT_BYTES: usize = 1024;
const ID_CHARACTERS: usize = 64;
const CODE_CHARACTERS: usize = 64;
/// Players keep samples while they are offline, but no session's token lives longer than this.
const OLDEST: Duration = Duration::hours(24);
const LONGEST_POSITION_SECONDS: f64 = 7.0 * 86_400.0;
const GREATEST_VALUE: f64 = 1e12;

fn needs_value(kind: SampleKind) -> bool {
    use SampleKind as K;
    matches!(kind, K::Startup | K::ExitBeforeStart | K::Rebuffer | K::Bitrate | K::Height | K::DroppedFrames | K::Seek)
}

fn needs_code(kind: SampleKind) -> bool {
    matches!(kind, SampleKind::StartFailure | SampleKind::Error)
}

/// One event of a player or its interface.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayerEvent {
    /// Unique in its session, for example a UUID: 1–64 of `A-Z a-z 0-9 - _`. The same id again is the same event.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(value_type = SampleKind)]
    kind: String,
    /// The client's time, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// Its meaning depends on `type`.
    #[schema(minimum = -1e12, maximum = 1e12)]
    value: Option<f64>,
    /// Of an error: 1–64 of `A-Z a-z 0-9 - _ . :`.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,64}$")]
    code: Option<String>,
    /// Place in the title, seconds: of a week at most.
    #[schema(minimum = 0, maximum = 604800)]
    position: Option<f64>,
}

/// Why an event was not taken; stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The request carries no playback token.
    TokenMissing,
    /// The playback token is not ours.
    TokenInvalid,
    /// The playback token's time is over.
    TokenExpired,
    /// Not an event: a field is missing, unknown, repeated or of another type.
    InvalidEvent,
    /// It is written in more than 1,024 bytes.
    TooLong,
    /// The id is not 1–64 of the allowed characters.
    InvalidId,
    /// There is no such type.
    UnknownType,
    /// `at` is not an RFC 3339 time.
    InvalidTime,
    /// `value` or `position` is missing where the type needs it, or out of range.
    InvalidValue,
    /// `code` is missing where the type needs it, or of another form.
    InvalidCode,
    /// The stream is full: send it again.
    Throttled,
}

/// How the client's clock is read.
#[derive(Debug, Clone, Copy)]
pub struct ClockSkew {
    now: OffsetDateTime,
    ahead: Duration,
}

impl ClockSkew {
    /// `sent_at` is what the client's clock said when it sent the request.
    pub fn new(now: OffsetDateTime, sent_at: Option<OffsetDateTime>) -> Self {
        Self { now, ahead: sent_at.map_or(Duration::ZERO, |sent_at| sent_at - now) }
    }

    /// The server's time of something: corrected by how far the client's clock is ahead, never in the future, never older than a day.
    pub fn correct(&self, client_time: OffsetDateTime) -> OffsetDateTime {
        let corrected = client_time.checked_sub(self.ahead).unwrap_or(self.now);
        corrected.clamp(self.now - OLDEST, self.now)
    }
}

fn is_word(text: &str, longest: usize, extra: &[u8]) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || extra.contains(&byte);
    (1..=longest).contains(&text.len()) && text.bytes().all(allowed)
}

/// One event; from an array, derived code would read its members in order.
fn read(json: &str) -> Result<PlayerEvent, Rejection> {
    match json {
        _ if json.len() > EVENT_BYTES => Err(Rejection::TooLong),
        _ if !json.starts_with('{') => Err(Rejection::InvalidEvent),
        _ => serde_json::from_str(json).map_err(|_| Rejection::InvalidEvent),
    }
}

/// Checks one event of a session, as JSON without blanks around it, and turns it into what goes on the stream.
pub fn accept(world: &World, claims: &PlaybackClaims, skew: &ClockSkew, event: &str) -> Result<Event, Rejection> {
    let event = read(event)?;
    if !is_word(&event.id, ID_CHARACTERS, b"") {
        return Err(Rejection::InvalidId);
    }
    let kind: SampleKind = event.kind.parse().map_err(|_| Rejection::UnknownType)?;
    let client_time = OffsetDateTime::parse(&event.at, &Rfc3339).map_err(|_| Rejection::InvalidTime)?;
    let value_fits = event.value.map_or(!needs_value(kind), |value| value.abs() <= GREATEST_VALUE);
    let position = event.position.unwrap_or_default();
    if !value_fits || !(0.0..=LONGEST_POSITION_SECONDS).contains(&position) {
        return Err(Rejection::InvalidValue);
    }
    if !event.code.as_ref().map_or(!needs_code(kind), |code| is_word(code, CODE_CHARACTERS, b".:")) {
        return Err(Rejection::InvalidCode);
    }
    let at = skew.correct(client_time);
    let sample = proto::player::Sample {
        session_id: claims.session.to_string(),
        title_id: claims.title.to_string(),
        kind: kind.to_string(),
        value: event.value.unwrap_or_default(),
        code: event.code.unwrap_or_default(),
        position_seconds: position,
        client_time: event.at,
        at: at.format(&Rfc3339).map_err(|_| Rejection::InvalidTime)?,
    };
    // A sample never changes: version 1 is the only one.
    let sampled = Event::new(world, proto::types::PLAYER_SAMPLED, claims.session, 1, &sample);
    Ok(Event { id: event_id(claims.session, &event.id), time: at, ..sampled })
}

/// The same for every copy of an event, and never that of another session's event.
fn event_id(session: PlaybackId, id: &str) -> EventId {
    let digest = Sha256::digest(format!("{session} {id}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    EventId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn claims(world: &World) -> PlaybackClaims {
        let expires_at = NOW + Duration::HOUR;
        PlaybackClaims {
            session: world.id(),
            account: world.id(),
            profile: world.id(),
            title: world.id(),
            asset: world.id(),
            fence: 1,
            max_height: 1080,
            expires_at,
        }
    }

    fn take(event: Value) -> Result<Event, Rejection> {
        let (world, _) = World::replay(NOW, 1);
        accept(&world, &claims(&world), &ClockSkew::new(NOW, None), &event.to_string())
    }

    #[test]
    fn each_mistake_has_its_code() {
        let at = "2026-01-01T11:59:00Z";
        for (event, rejection) in [
            (json!(7), Rejection::InvalidEvent),
            (json!({"type": "pause", "at": at}), Rejection::InvalidEvent),
            (json!({"id": 7, "type": "pause", "at": at}), Rejection::InvalidEvent),
            (json!({"id": "a", "type": "pause", "at": at, "session_id": "pbs_"}), Rejection::InvalidEvent),
            (json!(["a", "pause", at, null, null, null]), Rejection::InvalidEvent),
            (json!({"id": "a", "type": "pause", "at": at, "code": "x".repeat(EVENT_BYTES)}), Rejection::TooLong),
            (json!({"id": "", "type": "pause", "at": at}), Rejection::InvalidId),
            (json!({"id": "a\u{0}", "type": "pause", "at": at}), Rejection::InvalidId),
            (json!({"id": "a".repeat(65), "type": "pause", "at": at}), Rejection::InvalidId),
            (json!({"id": "a", "type": "view", "at": at}), Rejection::UnknownType),
            (json!({"id": "a", "type": "pause", "at": "yesterday"}), Rejection::InvalidTime),
            (json!({"id": "a", "type": "startup", "at": at}), Rejection::InvalidValue),
            (json!({"id": "a", "type": "startup", "at": at, "value": 1e13}), Rejection::InvalidValue),
            (json!({"id": "a", "type": "pause", "at": at, "position": -1}), Rejection::InvalidValue),
            (json!({"id": "a", "type": "error", "at": at}), Rejection::InvalidCode),
            (json!({"id": "a", "type": "error", "at": at, "code": "a b"}), Rejection::InvalidCode),
        ] {
            assert_eq!(take(event.clone()).unwrap_err(), rejection, "{event}");
        }
    }

    #[test]
    fn a_field_that_is_repeated_or_cannot_be_read_spoils_its_event_alone() {
        let (world, _) = World::replay(NOW, 1);
        let skew = ClockSkew::new(NOW, None);
        for event in [
            r#"{"id": "a", "id": "b", "type": "pause", "at": "2026-01-01T11:59:00Z"}"#,
            r#"{"id": "\ud800", "type": "pause", "at": "2026-01-01T11:59:00Z"}"#,
            r#"{"id": "a", "type": "startup", "at": "2026-01-01T11:59:00Z", "value": 1e999}"#,
        ] {
            let outcome = accept(&world, &claims(&world), &skew, event);
            assert_eq!(outcome.unwrap_err(), Rejection::InvalidEvent, "{event}");
        }
    }

    #[test]
    fn the_longest_event_fits() {
        let texts = "x".repeat(64);
        let event = json!({"id": texts, "type": "error", "at": "2026-01-01T11:59:00.123456789+00:00", "code": texts,
            "value": f64::MIN_POSITIVE, "position": 604_799.123_456_789});
        assert!(event.to_string().len() < EVENT_BYTES / 2);
        assert!(take(event).is_ok());
    }

    #[test]
    fn an_event_keeps_its_id_and_cannot_take_another_sessions() {
        let event = json!({"id": "a", "type": "startup", "at": "2026-01-01T11:59:00Z", "value": 1.5, "position": 0});
        let (world, _) = World::replay(NOW, 1);
        let (mine, other, skew) = (claims(&world), claims(&world), ClockSkew::new(NOW, None));
        let event = event.to_string();
        let first = accept(&world, &mine, &skew, &event).unwrap();
        assert_eq!(first.id, accept(&world, &mine, &skew, &event).unwrap().id);
        assert_ne!(first.id, accept(&world, &other, &skew, &event).unwrap().id);
        let sample: proto::player::Sample = first.data().unwrap();
        assert_eq!((sample.kind.as_str(), sample.value), ("startup", 1.5));
        assert_eq!(sample.title_id, mine.title.to_string());
    }

    #[test]
    fn a_wrong_clock_is_corrected_and_its_claim_kept() {
        let skew = ClockSkew::new(NOW, Some(NOW + Duration::hours(3)));
        assert_eq!(skew.correct(NOW + Duration::minutes(170)), NOW - Duration::minutes(10));
        let event = take(json!({"id": "a", "type": "pause", "at": "2031-05-05T00:00:00+02:00"})).unwrap();
        let sample: proto::player::Sample = event.data().unwrap();
        assert_eq!((event.time, sample.at.as_str()), (NOW, "2026-01-01T12:00:00Z"));
        assert_eq!(sample.client_time, "2031-05-05T00:00:00+02:00");
    }

    proptest! {
        #[test]
        fn no_clock_leads_out_of_the_last_day(client in any::<i32>(), sent in proptest::option::of(any::<i32>())) {
            let moment = |seconds: i32| OffsetDateTime::from_unix_timestamp(i64::from(seconds)).unwrap();
            let at = ClockSkew::new(NOW, sent.map(moment)).correct(moment(client));
            prop_assert!(at <= NOW && at >= NOW - OLDEST);
        }

        #[test]
        fn any_text_is_taken_or_rejected(id in "\\PC{0,70}", kind in "[a-z_]{0,12}", at in "\\PC{0,30}", code in "\\PC{0,70}") {
            let _ = take(json!({"id": id, "type": kind, "at": at, "code": code}));
        }
    }
}
