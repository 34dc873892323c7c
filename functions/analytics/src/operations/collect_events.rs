//! `POST /v1/events`: takes what players and their interface measured, at most 500 events of one playback session, each checked by itself.
//!
//! The session's URL token says whose events they are: a client cannot speak for a session it was not given. Nothing here makes a view.
//! Nobody needs a token to send a body: it is counted while it is parsed, and an event is looked at once the token is known to be ours.

use std::fmt;

use cinema_http::{HeaderValue, IntoResponse, Json, Problem, Response, State, StatusCode, header};
use kernel::World;
use playback::{PlaybackClaims, TokenError, TokenKey};
use runtime::Key;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use stores::{StoreError, Stream};
use time::OffsetDateTime;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, Ref, RefOr, Schema},
};

use crate::sample::{self, ClockSkew, EVENT_BYTES, PlayerEvent, Rejection};

const MOST_EVENTS: usize = 500;
/// Token, time and the names around them.
const ENVELOPE_BYTES: usize = 4096;
/// After decompression: as many events as may be, of the greatest length, and what stands between them.
const BODY_BYTES: usize = ENVELOPE_BYTES + MOST_EVENTS * (EVENT_BYTES + 2);

/// Events of one playback session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectEventsRequest {
    /// The token in the session's URLs.
    token: Option<String>,
    /// The client's time when it sent this: its difference from the server's corrects all times.
    #[serde(default, with = "time::serde::rfc3339::option")]
    sent_at: Option<OffsetDateTime>,
    events: Events,
}

/// Events that nobody has looked at yet, counted while they were parsed.
struct Events(Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counted).map(Self)
    }
}

struct Counted;

impl<'de> Visitor<'de> for Counted {
    type Value = Vec<Box<RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MOST_EVENTS} events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<Self::Value, A::Error> {
        let mut counted = Vec::new();
        while counted.len() < MOST_EVENTS {
            let Some(event) = events.next_element()? else { return Ok(counted) };
            counted.push(event);
        }
        match events.next_element::<IgnoredAny>()? {
            None => Ok(counted),
            Some(_) => Err(A::Error::custom(format!("at most {MOST_EVENTS} events"))),
        }
    }
}

impl PartialSchema for Events {
    fn schema() -> RefOr<Schema> {
        let events = ArrayBuilder::new().items(Ref::from_schema_name(PlayerEvent::name()));
        events.max_items(Some(MOST_EVENTS)).into()
    }
}

impl ToSchema for Events {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((PlayerEvent::name().into_owned(), PlayerEvent::schema()));
        PlayerEvent::schemas(schemas);
    }
}

/// An event that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Rejected {
    /// Its place in `events`, from 0.
    index: usize,
    /// Why.
    code: Rejection,
}

/// What was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CollectEventsAnswer {
    /// How many events are on their way.
    accepted: usize,
    /// The others: sending them again unchanged helps only where the code is `throttled`.
    rejected: Vec<Rejected>,
}

runtime::wire! {
    pub(super) struct CollectEvents {
        world: World,
        stream: Stream = |boot| boot.stream("playback-events"),
        key: Key<TokenKey>,
    }
}

impl CollectEvents {
    async fn claims(
        &self,
        token: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Result<PlaybackClaims, Rejection>, StoreError> {
        let Some(token) = token else { return Ok(Err(Rejection::TokenMissing)) };
        Ok(self.key.get().await?.open(token, now).map_err(|error| match error {
            TokenError::Expired => Rejection::TokenExpired,
            TokenError::Invalid => Rejection::TokenInvalid,
        }))
    }
}

/// Player and interface events.
///
/// Every event is checked by itself: wrong ones are listed in `rejected`, the others are taken. The body may be compressed with gzip; an event has at
/// most 1,024 bytes after decompression. When the stream is full, 429 lists what has to be sent again.
#[utoipa::path(
    post, path = "/v1/events", tag = "analytics",
    request_body = CollectEventsRequest,
    responses((status = 202, body = CollectEventsAnswer), Problem)
)]
pub(super) async fn collect_events(
    State(state): State<CollectEvents>,
    Json(request): Json<CollectEventsRequest, BODY_BYTES>,
) -> Result<Response, Problem> {
    let now = state.world.now();
    let claims = state.claims(request.token.as_deref(), now).await?;
    let skew = ClockSkew::new(now, request.sent_at);
    let (mut entries, mut places, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for (index, event) in request.events.0.iter().enumerate() {
        match claims.and_then(|claims| sample::accept(&state.world, &claims, &skew, event.get())) {
            Ok(event) => {
                entries.push((event.subject.clone(), event.json().into_bytes()));
                places.push(index);
            }
            Err(code) => rejected.push(Rejected { index, code }),
        }
    }
    let throttled = state.stream.put(&entries).await?;
    Ok(answer(&places, rejected, &throttled))
}

/// 202, or 429 when the stream refused some in every attempt.
fn answer(places: &[usize], mut rejected: Vec<Rejected>, throttled: &[usize]) -> Response {
    let accepted = places.len() - throttled.len();
    let refused = throttled.iter().filter_map(|at| places.get(*at));
    rejected.extend(refused.map(|index| Rejected { index: *index, code: Rejection::Throttled }));
    rejected.sort_unstable_by_key(|rejected| rejected.index);
    if throttled.is_empty() {
        let body: Json<CollectEventsAnswer> = Json(CollectEventsAnswer { accepted, rejected });
        return (StatusCode::ACCEPTED, body).into_response();
    }
    let detail =
        format!("{} events could not be taken just now: send those with the code throttled again.", throttled.len());
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "throttled", detail)
        .with("accepted", accepted)
        .with("rejected", rejected)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(body: &str) -> Result<usize, String> {
        serde_json::from_str::<Events>(body).map(|events| events.0.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn events_are_counted_before_anybody_looks_at_them() {
        let many = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!((count("[]"), count(&many(MOST_EVENTS))), (Ok(0), Ok(MOST_EVENTS)));
        assert!(count(&many(MOST_EVENTS + 1)).unwrap_err().starts_with("at most 500 events"));
        // What comes after the first that is too many is not read: it is no JSON at all.
        let unread = format!("{}, what follows is never parsed", &many(MOST_EVENTS + 1)[..1002]);
        assert!(count(&unread).unwrap_err().starts_with("at most 500 events"), "{:?}", count(&unread));
    }

    #[test]
    fn a_body_has_room_for_every_event_and_little_more() {
        assert!((500 * 1024..600 * 1024).contains(&BODY_BYTES));
    }
}
