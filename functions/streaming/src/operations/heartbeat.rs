//! `POST /v1/playback/sessions/{id}/heartbeat`: keeps the lease, remembers the position, and says when to stop.

use cinema_http::{Json, OpenApiRouter, Path, Problem, State, StatusCode, Viewer, routes};
use kernel::{PlaybackId, World};
use runtime::{Access, Boot, BootError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    grant::Grant,
    lease::HEARTBEAT_INTERVAL,
    pass::lost,
    position::Position,
    seconds::Seconds,
    session::{Beat, Lost, PlayerState},
    store::{Store, Written},
};

/// How often a report is applied again when another request of the account was faster.
const ATTEMPTS: usize = 5;

/// What the player reports.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Report {
    /// Seconds from the beginning of the film.
    position: Seconds,
    /// What the player is doing.
    state: PlayerState,
    /// When it was so, by the player's clock; orders reports that overtake each other.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    client_time: Option<OffsetDateTime>,
    /// How well it plays.
    #[serde(default)]
    quality: Option<Quality>,
}

/// How well it played since the last report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Quality {
    /// Lines of the picture.
    height: Option<u32>,
    /// Bits per second that the network gave.
    bandwidth: Option<u64>,
    /// How often it had to wait for data.
    stalls: Option<u32>,
    /// Seconds it waited.
    stall_seconds: Option<Seconds>,
    /// Pictures that were not shown.
    dropped_frames: Option<u32>,
}

impl Quality {
    /// One line per report; figures that count come with the player's own events.
    fn log(&self, session: PlaybackId) {
        let Self { height, bandwidth, stalls, stall_seconds, dropped_frames } = self;
        let stall_seconds = stall_seconds.map(|seconds| seconds.0);
        tracing::info!(%session, height, bandwidth, stalls, stall_seconds, dropped_frames, "playback quality");
    }
}

/// What the player has to do.
#[derive(Debug, Serialize, ToSchema)]
struct Advice {
    /// `continue` or `stop`.
    action: &'static str,
    /// Why it has to stop: `session_replaced`, `subscription_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Seconds until the next heartbeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat_interval: Option<i64>,
}

impl Advice {
    fn go_on() -> Self {
        Self { action: "continue", reason: None, heartbeat_interval: Some(HEARTBEAT_INTERVAL.whole_seconds()) }
    }

    fn stop(reason: &'static str) -> Self {
        Self { action: "stop", reason: Some(reason), heartbeat_interval: None }
    }
}

/// Listens to players.
#[derive(Clone)]
struct Desk {
    store: Store,
    world: World,
}

/// Reports the player's state; 410 when the lease has ended.
#[utoipa::path(
    post,
    path = "/v1/playback/sessions/{id}/heartbeat",
    tag = "streaming",
    security(("profile" = [])),
    params(("id" = PlaybackId, Path)),
    request_body = Report,
    responses((status = 200, body = Advice), Problem)
)]
async fn heartbeat(
    State(desk): State<Desk>,
    viewer: Viewer,
    Path(id): Path<PlaybackId>,
    Json(report): Json<Report>,
) -> Result<Json<Advice>, Problem> {
    if let Some(quality) = &report.quality {
        quality.log(id);
    }
    let beat = Beat { position: report.position.0, state: report.state, client_time: report.client_time };
    for _ in 0..ATTEMPTS {
        if let Some(advice) = desk.apply(&viewer, id, &beat).await? {
            return Ok(Json(advice));
        }
    }
    Err(Problem::unavailable("temporarily_unavailable", "other requests of the account were always faster"))
}

impl Desk {
    /// `None`: somebody else was faster.
    async fn apply(&self, viewer: &Viewer, id: PlaybackId, beat: &Beat) -> Result<Option<Advice>, Problem> {
        let now = self.world.now();
        let watching = self.store.watching(id, viewer.account).await?;
        let (session, slots, grant) = watching.ok_or_else(|| Problem::not_found("playback session"))?;
        let gone = |why| Err(lost(why, StatusCode::GONE));
        let renewed = match session.standing(now) {
            Err(Lost::Replaced) => return Ok(Some(Advice::stop("session_replaced"))),
            Err(Lost::Stopped) => return gone(Lost::Stopped),
            Ok(()) => slots.renew(id, now),
            Err(Lost::Expired) => None,
        };
        let Some(renewed) = renewed else {
            if session.state.is_live() {
                // Too late, and nobody has noted it yet. Whoever is faster notes the same.
                self.store.advance(&session.expire(), &slots.release(id)).await?;
            }
            return gone(Lost::Expired);
        };
        let next = session.beat(beat, now);
        // The position first: it is guarded by its own order, and a report that ends here is sent again.
        if next.client_at > session.client_at {
            self.store.put_position(session.profile, &Position::of(&next)).await?;
        }
        let is_paid = grant.as_ref().is_some_and(|grant: &Grant| grant.is_paid(now));
        let (next, slots) = if is_paid { (next, renewed) } else { (next.end(now), slots.release(id)) };
        let advice = if is_paid { Advice::go_on() } else { Advice::stop("subscription_required") };
        Ok((self.store.advance(&next, &slots).await? == Written::Done).then_some(advice))
    }
}

/// Reads and writes the table.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let desk = Desk { store: Store::new(boot.table("playback", Access::ReadWrite)?), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(heartbeat)).with_state(desk))
}
