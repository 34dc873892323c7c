//! `DELETE /v1/auth/sessions/{id}`: ends a session of the account from another one.

use cinema_http::{Account, OpenApiRouter, Path, Problem, State, StatusCode, routes};
use kernel::{SessionId, World};
use runtime::{Boot, BootError};

use crate::{
    security_event::{Kind, SecurityEvent},
    store::Sessions,
};

#[derive(Clone)]
struct Revoker {
    sessions: Sessions,
    world: World,
}

/// 204, also when it has ended before; 404 for a session of somebody else.
#[utoipa::path(delete, path = "/v1/auth/sessions/{id}", tag = "auth", security(("account" = [])),
    params(("id" = SessionId, Path, description = "Session")), responses((status = 204), Problem))]
async fn revoke_session(
    State(revoker): State<Revoker>,
    account: Account,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    revoker.sessions.live(&account, revoker.world.now()).await?;
    if !revoker.sessions.belongs(id, account.id).await? {
        return Err(Problem::not_found("session"));
    }
    let event = SecurityEvent::new(&revoker.world, account.id, Kind::SessionRevoked, &account.origin).in_session(id);
    revoker.sessions.end(id, "revoked", &event).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Postgres.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let revoker = Revoker { sessions: Sessions::new(boot.postgres()?), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(revoke_session)).with_state(revoker))
}
