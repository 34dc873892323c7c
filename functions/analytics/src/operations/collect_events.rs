//! `POST /v1/events`: takes what players and their interface measured, at most 500 events of one playback session, each checked by itself.
//!
//! The session's URL token says whose events they are: a client cannot speak for a session it was not given. Nothing here makes a view.

use cinema_http::{HeaderValue, IntoResponse, Json, Problem, Response, State, StatusCode, header};
use kernel::World;
use playback::{PlaybackClaims, TokenError, TokenKey};
use runtime::Key;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stores::{StoreError, Stream};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::sample::{self, ClockSkew, PlayerEvent, Rejection};

const MOST_EVENTS: usize = 500;
/// After decompression.
const BODY_BYTES: usize = 5_000_000;

/// Events of one playback session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectEventsRequest {
    /// The token in the session's URLs.
    token: Option<String>,
    /// The client's time when it sent this: its difference from the server's corrects all times.
    #[serde(default, with = "time::serde::rfc3339::option")]
    sent_at: Option<OffsetDateTime>,
    /// At most 500.
    #[schema(value_type = Vec<PlayerEvent>, max_items = 500)]
    events: Vec<Value>,
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
/// Every event is checked by itself: wrong ones are listed in `rejected`, the others are taken. The body may be compressed with gzip; at most
/// 5 MB after decompression. When the stream is full, 429 lists what has to be sent again.
#[utoipa::path(
    post, path = "/v1/events", tag = "analytics",
    request_body = CollectEventsRequest,
    responses((status = 202, body = CollectEventsAnswer), Problem)
)]
pub(super) async fn collect_events(
    State(state): State<CollectEvents>,
    Json(request): Json<CollectEventsRequest, BODY_BYTES>,
) -> Result<Response, Problem> {
    if request.events.len() > MOST_EVENTS {
        return Err(Problem::invalid("/events", format!("at most {MOST_EVENTS} events")));
    }
    let now = state.world.now();
    let claims = state.claims(request.token.as_deref(), now).await?;
    let skew = ClockSkew::new(now, request.sent_at);
    let (mut entries, mut places, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for (index, event) in request.events.iter().enumerate() {
        match claims.and_then(|claims| sample::accept(&state.world, &claims, &skew, event)) {
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
