//! `GET /v1/auth/sessions`: where the account is signed in.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, routes};
use kernel::{SessionId, World};
use runtime::{Boot, BootError};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::store::{Listed, Sessions};

/// A session that has not ended.
#[derive(Serialize, ToSchema)]
struct Session {
    session_id: SessionId,
    /// As the client called its device.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When its tokens were last renewed.
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    /// Network address, then.
    #[schema(example = "192.0.2.7")]
    address: String,
    /// Country, then.
    #[schema(example = "DE")]
    territory: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// All of them, the last used first.
#[derive(Serialize, ToSchema)]
struct SessionList {
    items: Vec<Session>,
}

#[derive(Clone)]
struct Lister {
    sessions: Sessions,
    world: World,
}

/// Live sessions, the last used first.
#[utoipa::path(get, path = "/v1/auth/sessions", tag = "auth", security(("account" = [])), responses((status = 200, body = SessionList), Problem))]
async fn list_sessions(State(lister): State<Lister>, account: Account) -> Result<Json<SessionList>, Problem> {
    let now = lister.world.now();
    lister.sessions.live(&account, now).await?;
    let listed = lister.sessions.list(account.id, now).await?;
    Ok(Json(SessionList { items: listed.into_iter().map(|listed| Session::of(listed, account.session)).collect() }))
}

impl Session {
    fn of(listed: Listed, current: SessionId) -> Self {
        Self {
            current: listed.session == current,
            session_id: listed.session,
            device_name: listed.device_name,
            created_at: listed.created_at,
            last_used_at: listed.last_used_at,
            address: listed.address,
            territory: listed.territory,
        }
    }
}

/// Postgres.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let lister = Lister { sessions: Sessions::new(boot.postgres()?), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(list_sessions)).with_state(lister))
}
