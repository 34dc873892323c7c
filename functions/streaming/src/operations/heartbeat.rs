//! `POST /v1/playback/sessions/{id}/heartbeat`: keeps the lease, remembers the position, and says when to stop.

use cinema_http::{Json, Path, Problem, State, StatusCode, Viewer};
use kernel::{PlaybackId, World, policy::Audience};
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::{StoreError, Table};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    lease::HEARTBEAT_INTERVAL,
    position::Position,
    problems,
    seconds::Seconds,
    session::{Ended, PlayerReport, PlayerState, Session},
    start::{may_watch, rental},
    store::{
        positions,
        sessions::{self, Watching},
        titles,
    },
};

/// How often a report is applied again when another request of the account was faster.
const ATTEMPTS: usize = 5;

/// What the player reports.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeartbeatRequest {
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
pub(super) struct Quality {
    /// Lines of the picture.
    #[schema(maximum = 4294967295u32)]
    height: Option<u32>,
    /// Bits per second that the network gave.
    bandwidth: Option<u64>,
    /// How often it had to wait for data.
    #[schema(maximum = 4294967295u32)]
    stalls: Option<u32>,
    /// Seconds it waited.
    stall_seconds: Option<Seconds>,
    /// Pictures that were not shown.
    #[schema(maximum = 4294967295u32)]
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
pub(super) struct HeartbeatAnswer {
    /// `continue` or `stop`.
    action: &'static str,
    /// Why it has to stop: `session_replaced`, `session_kicked`, or the code with which a start would be refused, such as `subscription_required` or
    /// `title_withdrawn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Seconds until the next heartbeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat_interval: Option<i64>,
}

impl HeartbeatAnswer {
    fn go_on() -> Self {
        Self { action: "continue", reason: None, heartbeat_interval: Some(HEARTBEAT_INTERVAL.whole_seconds()) }
    }

    fn stop(reason: &str) -> Self {
        Self { action: "stop", reason: Some(reason.to_owned()), heartbeat_interval: None }
    }
}

runtime::wire! {
    pub(super) struct Heartbeat {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
        world: World,
    }
}

/// Reports the player's state; 410 when the lease has ended.
#[utoipa::path(
    post, path = "/v1/playback/sessions/{id}/heartbeat", tag = "streaming",
    params(("id" = PlaybackId, Path)),
    request_body = HeartbeatRequest,
    responses((status = 200, body = HeartbeatAnswer), Problem)
)]
pub(super) async fn heartbeat(
    State(state): State<Heartbeat>,
    viewer: Viewer,
    Path(id): Path<PlaybackId>,
    Json(request): Json<HeartbeatRequest>,
) -> Result<Json<HeartbeatAnswer>, Problem> {
    if let Some(quality) = &request.quality {
        quality.log(id);
    }
    let report = PlayerReport { position: request.position.0, state: request.state, client_time: request.client_time };
    for _ in 0..ATTEMPTS {
        if let Some(answer) = state.apply(&viewer, id, &report).await? {
            return Ok(Json(answer));
        }
    }
    Err(problems::too_busy())
}

impl Heartbeat {
    /// `None`: another request of the account was faster.
    async fn apply(
        &self,
        viewer: &Viewer,
        id: PlaybackId,
        report: &PlayerReport,
    ) -> Result<Option<HeartbeatAnswer>, Problem> {
        let now = self.world.now();
        let watching = sessions::watching(&self.table, id, viewer.account).await?;
        let own = watching.filter(|watching| watching.session.profile == viewer.profile);
        let Watching { session, slots, grant } = own.ok_or_else(problems::unknown_session)?;
        let ended = |why| Err(problems::session_ended(why, StatusCode::GONE));
        let renewed = match session.check_live(now) {
            Err(why @ (Ended::Replaced | Ended::Kicked)) => {
                let reason = problems::session_ended(why, StatusCode::GONE);
                return Ok(Some(HeartbeatAnswer::stop(reason.code())));
            }
            Err(Ended::Stopped) => return ended(Ended::Stopped),
            Ok(()) => slots.renew(id, now),
            Err(Ended::Expired) => None,
        };
        let Some(renewed) = renewed else {
            if session.state.is_live() {
                // Too late, and nobody has noted it yet. Whoever is faster notes the same.
                sessions::advance(&self.table, &session.expire(), &slots.release(id)).await?;
            }
            return ended(Ended::Expired);
        };
        let next = session.report(report, now);
        // The position before the session: it is guarded by its own order, and a report that ends here is sent again.
        let (title, ()) = tokio::try_join!(titles::get(&self.table, session.title), self.remember(&session, &next))?;
        let watched = (session.title, title.as_ref());
        let allowed = may_watch(watched, &audience(&session, viewer), grant.as_ref(), now);
        let (next, slots, answer) = match allowed {
            Ok(basis) => {
                let rental = rental(session.title, grant.as_ref(), basis);
                (next.on_rental(rental, &session), renewed, HeartbeatAnswer::go_on())
            }
            Err(refusal) => (next.end(now), slots.release(id), HeartbeatAnswer::stop(Problem::from(refusal).code())),
        };
        Ok(sessions::advance(&self.table, &next, &slots).await?.then_some(answer))
    }

    async fn remember(&self, session: &Session, next: &Session) -> Result<(), StoreError> {
        if next.client_at <= session.client_at {
            return Ok(());
        }
        positions::put(&self.table, session.profile, &Position::of(next)).await
    }
}

/// Where the session began, with the lower of the caps then and now.
fn audience(session: &Session, viewer: &Viewer) -> Audience {
    Audience { territory: session.territory.clone(), max_rating: session.max_rating.min(viewer.policy.max_rating) }
}
