//! `POST /v1/events`: takes what players and their interface measured, at most 500 events of one playback session, each checked by itself.
//!
//! The session's URL token says whose events they are: a client cannot speak for a session it was not given. Nothing here makes a view.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::{
    HeaderValue, IntoResponse, Json, OpenApiRouter, Problem, Response, State, StatusCode, header, routes,
};
use kernel::{
    World,
    playback_token::{PlaybackClaims, TokenError, TokenKey},
};
use runtime::{Access, Boot, BootError};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stores::{SecretHandle, Stream};
use time::OffsetDateTime;
use tokio::sync::OnceCell;
use utoipa::ToSchema;

use crate::sample::{self, ClockSkew, PlayerEvent, Rejection};

const MOST_EVENTS: usize = 500;
/// After decompression.
const BODY_BYTES: usize = 5_000_000;

/// Events of one playback session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Collection {
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
struct Rejected {
    /// Its place in `events`, from 0.
    index: usize,
    /// Why.
    code: Rejection,
}

/// What was taken.
#[derive(Debug, Serialize, ToSchema)]
struct Receipt {
    /// How many events are on their way.
    accepted: usize,
    /// The others: sending them again unchanged helps only where the code is `throttled`.
    rejected: Vec<Rejected>,
}

/// Checks events and puts them on the stream.
#[derive(Clone)]
struct Collector {
    world: World,
    stream: Stream,
    secret: SecretHandle,
    key: std::sync::Arc<OnceCell<TokenKey>>,
}

impl Collector {
    /// Read with the first request and kept: the key does not change while an environment lives.
    async fn key(&self) -> Result<&TokenKey, Problem> {
        let unavailable = |reason: String| Problem::unavailable("keys_unavailable", reason);
        let read = || async {
            let value = self.secret.get().await?.ok_or_else(|| unavailable("the secret has no value".to_owned()))?;
            let bytes =
                BASE64_STANDARD.decode(value.expose_secret()).map_err(|error| unavailable(error.to_string()))?;
            Ok(TokenKey::new(&bytes))
        };
        self.key.get_or_try_init(read).await
    }

    async fn claims(
        &self,
        token: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Result<PlaybackClaims, Rejection>, Problem> {
        let Some(token) = token else { return Ok(Err(Rejection::TokenMissing)) };
        Ok(self.key().await?.open(token, now).map_err(|error| match error {
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
    request_body = Collection,
    responses((status = 202, body = Receipt), Problem)
)]
async fn collect_events(
    State(collector): State<Collector>,
    Json(collection): Json<Collection, BODY_BYTES>,
) -> Result<Response, Problem> {
    if collection.events.len() > MOST_EVENTS {
        return Err(Problem::invalid("/events", format!("at most {MOST_EVENTS} events")));
    }
    let now = collector.world.now();
    let claims = collector.claims(collection.token.as_deref(), now).await?;
    let skew = ClockSkew::new(now, collection.sent_at);
    let (mut entries, mut places, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for (index, event) in collection.events.iter().enumerate() {
        match claims.and_then(|claims| sample::accept(&collector.world, &claims, &skew, event)) {
            Ok(event) => {
                entries.push((event.subject.clone(), event.json().into_bytes()));
                places.push(index);
            }
            Err(code) => rejected.push(Rejected { index, code }),
        }
    }
    let throttled = collector.stream.put(&entries).await?;
    Ok(answer(&places, rejected, &throttled))
}

/// 202, or 429 when the stream refused some in every attempt.
fn answer(places: &[usize], mut rejected: Vec<Rejected>, throttled: &[usize]) -> Response {
    let accepted = places.len() - throttled.len();
    let refused = throttled.iter().filter_map(|at| places.get(*at));
    rejected.extend(refused.map(|index| Rejected { index: *index, code: Rejection::Throttled }));
    rejected.sort_unstable_by_key(|rejected| rejected.index);
    if throttled.is_empty() {
        let body: Json<Receipt> = Json(Receipt { accepted, rejected });
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

/// Puts on the stream; the secret is read with the first request that carries a token.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let collector = Collector {
        world: boot.world(),
        stream: boot.stream("playback-events")?,
        secret: boot.secret("playback-token", Access::Read)?,
        key: std::sync::Arc::default(),
    };
    Ok(OpenApiRouter::new().routes(routes!(collect_events)).with_state(collector))
}
