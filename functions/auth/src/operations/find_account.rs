//! `GET /v1/admin/accounts?email=`: the account of an address, for support. Every look-up leaves a trace, those that find nothing as well.

use cinema_http::{Json, OpenApiRouter, Problem, Query, State, Support, routes};
use kernel::World;
use runtime::{Boot, BootError};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    email::Email,
    guard::{FIND_ACCOUNT, Guard},
    security_event::{Kind, SecurityEvent},
    store::{FoundAccount, SecurityLog, Sessions, Staff},
};

/// Whose account.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Upper and lower case are the same.
    email: Email,
}

#[derive(Clone)]
struct Finder {
    staff: Staff,
    sessions: Sessions,
    log: SecurityLog,
    guard: Guard,
    world: World,
}

/// 200 with the account; 404 for an address without one.
#[utoipa::path(get, path = "/v1/admin/accounts", tag = "auth", security(("support" = [])), params(Wanted),
    responses((status = 200, body = FoundAccount), Problem))]
async fn find_account(
    State(finder): State<Finder>,
    Support(agent): Support,
    Query(wanted): Query<Wanted>,
) -> Result<Json<FoundAccount>, Problem> {
    let login = finder.sessions.live(&agent, finder.world.now()).await?;
    login.person.require_role("support")?;
    finder.guard.knock(&FIND_ACCOUNT, agent.id, &agent.origin.address).await?;
    let found = finder.staff.find(&wanted.email).await?;
    let account = found.as_ref().map(|found| found.account_id);
    let event = SecurityEvent::new(&finder.world, account, Kind::AccountFound, &agent.origin).by(agent.id);
    finder.log.record_alone(&event).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("account"))
}

/// Postgres, and Redis for the limits.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let finder = Finder {
        staff: Staff::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        log: SecurityLog::new(pool),
        guard: Guard::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(find_account)).with_state(finder))
}
