//! `POST /v1/auth/logout`: ends the session of the access token. The access token itself lives out its last minutes.

use cinema_http::{
    Account, HeaderMap, IntoResponse, OpenApiRouter, Problem, Response, State, StatusCode, header, routes,
};
use kernel::World;
use runtime::{Boot, BootError};

use crate::{
    security_event::{Kind, SecurityEvent},
    store::Sessions,
    transport::REFRESH,
};

#[derive(Clone)]
struct LogOut {
    sessions: Sessions,
    world: World,
}

/// 204, also when the session has ended before; a cookie is cleared.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "auth", security(("account" = [])), responses((status = 204), Problem))]
async fn log_out(State(state): State<LogOut>, account: Account, headers: HeaderMap) -> Result<Response, Problem> {
    let event = SecurityEvent::new(&state.world, account.id, Kind::SignedOut, &account.origin);
    state.sessions.end(account.session, "log_out", &event.in_session(account.session)).await?;
    match REFRESH.read(&headers) {
        Some(_) => Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, REFRESH.forget()?)]).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Postgres.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let state = LogOut { sessions: Sessions::new(boot.postgres()?), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(log_out)).with_state(state))
}
