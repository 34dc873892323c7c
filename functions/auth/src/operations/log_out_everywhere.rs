//! `POST /v1/auth/logout-all`: ends every session of the account, this one included.

use cinema_http::{
    Account, HeaderMap, IntoResponse, OpenApiRouter, Problem, Response, State, StatusCode, header, routes,
};
use kernel::World;
use runtime::{Boot, BootError};
use sqlx::PgPool;

use crate::{
    security_event::{Kind, SecurityEvent},
    store::{SecurityLog, Sessions},
    transport::REFRESH,
};

#[derive(Clone)]
struct LogOutEverywhere {
    pool: PgPool,
    sessions: Sessions,
    log: SecurityLog,
    world: World,
}

/// 204, also when everything has ended before; a cookie is cleared. 401 `session_revoked` from an ended session while others live.
#[utoipa::path(post, path = "/v1/auth/logout-all", tag = "auth", security(("account" = [])), responses((status = 204), Problem))]
async fn log_out_everywhere(
    State(state): State<LogOutEverywhere>,
    account: Account,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = state.world.now();
    match state.sessions.live(&account, now).await {
        Ok(_) => state.end_all(&account).await?,
        Err(problem) if problem.code() != "session_revoked" => return Err(problem),
        // The first call has ended the session of the second.
        Err(problem) if !state.sessions.list(account.id, now).await?.is_empty() => return Err(problem),
        Err(_) => {}
    }
    match REFRESH.read(&headers) {
        Some(_) => Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, REFRESH.forget()?)]).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

impl LogOutEverywhere {
    async fn end_all(&self, account: &Account) -> Result<(), Problem> {
        let mut transaction = self.pool.begin().await?;
        let reason = (None, "log_out_everywhere");
        let ended = self.sessions.end_all(&mut transaction, account.id, reason, self.world.now()).await?;
        let event = SecurityEvent::new(&self.world, account.id, Kind::SignedOut, &account.origin);
        let event = event.in_session(account.session).with(format!("{ended} sessions"));
        self.log.record(&mut transaction, &event).await?;
        Ok(transaction.commit().await?)
    }
}

/// Postgres.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let state = LogOutEverywhere {
        sessions: Sessions::new(pool.clone()),
        log: SecurityLog::new(pool.clone()),
        pool,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(log_out_everywhere)).with_state(state))
}
