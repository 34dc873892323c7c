//! `DELETE /v1/playback/sessions/{id}`: frees the slot at once and keeps the last position.

use cinema_http::{Account, Path, Problem, Query, State, StatusCode, Viewer};
use kernel::{PlaybackId, World};
use runtime::Access;
use serde::Deserialize;
use stores::Table;
use utoipa::IntoParams;

use super::require_say;
use crate::{
    position::Position,
    problems,
    seconds::Seconds,
    session::Ended,
    store::{
        positions,
        sessions::{self, Watching},
    },
};

/// How often a stop is applied again when another request of the account was faster.
const ATTEMPTS: usize = 5;

/// Where the viewer stopped.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StopSessionRequest {
    /// Seconds from the beginning of the film; without it the last report counts.
    #[param(value_type = Option<f64>, minimum = 0, maximum = 86400)]
    position: Option<Seconds>,
}

runtime::wire! {
    pub(super) struct StopSession {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
        world: World,
    }
}

/// Ends a session; one that has ended already stays as it is. 403 `step_up_required` for one of another profile of the account, unless the person
/// has just proved who they are, and 401 `session_revoked` if they have signed out since; where it stopped is kept as that player has told it.
#[utoipa::path(
    delete, path = "/v1/playback/sessions/{id}", tag = "streaming",
    params(("id" = PlaybackId, Path), StopSessionRequest),
    responses((status = 204), Problem)
)]
pub(super) async fn stop_session(
    State(state): State<StopSession>,
    viewer: Viewer,
    account: Account,
    Path(id): Path<PlaybackId>,
    Query(request): Query<StopSessionRequest>,
) -> Result<StatusCode, Problem> {
    for _ in 0..ATTEMPTS {
        if state.stop(&viewer, &account, id, request.position).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(problems::too_busy())
}

impl StopSession {
    /// `false`: another request of the account was faster.
    async fn stop(
        &self,
        viewer: &Viewer,
        account: &Account,
        id: PlaybackId,
        position: Option<Seconds>,
    ) -> Result<bool, Problem> {
        let now = self.world.now();
        let watching = sessions::watching(&self.table, id, viewer.account).await?;
        let Watching { session, slots, .. } = watching.ok_or_else(problems::unknown_session)?;
        require_say(&self.table, &session, account, now).await?;
        let is_own = session.profile == viewer.profile;
        let next = match session.check_live(now) {
            Ok(()) => {
                let stopped = session.stop(position.filter(|_| is_own).map(|position| position.0), now);
                stopped.on_rental(session.rental, &session)
            }
            Err(Ended::Expired) if session.state.is_live() => session.expire(),
            Err(_) => return Ok(true),
        };
        if next.client_at > session.client_at {
            positions::put(&self.table, session.profile, &Position::of(&next)).await?;
        }
        Ok(sessions::advance(&self.table, &next, &slots.release(id)).await?)
    }
}
