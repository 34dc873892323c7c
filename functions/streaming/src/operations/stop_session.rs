//! `DELETE /v1/playback/sessions/{id}`: frees the slot at once and keeps the last position.

use cinema_http::{OpenApiRouter, Path, Problem, Query, State, StatusCode, Viewer, routes};
use kernel::{PlaybackId, World};
use runtime::{Access, Boot, BootError};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    position::Position,
    seconds::Seconds,
    session::Lost,
    store::{Store, Written},
};

/// How often a stop is applied again when another request of the account was faster.
const ATTEMPTS: usize = 5;

/// Where the viewer stopped.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct End {
    /// Seconds from the beginning of the film; without it the last report counts.
    #[param(value_type = Option<f64>)]
    position: Option<Seconds>,
}

/// Ends sessions.
#[derive(Clone)]
struct Desk {
    store: Store,
    world: World,
}

/// Ends a session; ending it again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/playback/sessions/{id}",
    tag = "streaming",
    security(("profile" = [])),
    params(("id" = PlaybackId, Path), End),
    responses((status = 204), Problem)
)]
async fn stop_session(
    State(desk): State<Desk>,
    viewer: Viewer,
    Path(id): Path<PlaybackId>,
    Query(end): Query<End>,
) -> Result<StatusCode, Problem> {
    for _ in 0..ATTEMPTS {
        if desk.stop(&viewer, id, end.position).await? == Written::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Problem::unavailable("temporarily_unavailable", "other requests of the account were always faster"))
}

impl Desk {
    async fn stop(&self, viewer: &Viewer, id: PlaybackId, position: Option<Seconds>) -> Result<Written, Problem> {
        let now = self.world.now();
        let watching = self.store.watching(id, viewer.account).await?;
        let (session, slots, _) = watching.ok_or_else(|| Problem::not_found("playback session"))?;
        let next = match session.standing(now) {
            Ok(()) => session.stop(position.map(|position| position.0), now),
            Err(Lost::Expired) if session.state.is_live() => session.expire(),
            Err(_) => return Ok(Written::Done),
        };
        if next.client_at > session.client_at {
            self.store.put_position(session.profile, &Position::of(&next)).await?;
        }
        Ok(self.store.advance(&next, &slots.release(id)).await?)
    }
}

/// Reads and writes the table.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let desk = Desk { store: Store::new(boot.table("playback", Access::ReadWrite)?), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(stop_session)).with_state(desk))
}
