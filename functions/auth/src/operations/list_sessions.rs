//! `GET /v1/auth/sessions`: where the account is signed in.

use cinema_http::{Json, Problem, State};
use kernel::{SessionId, World};
use serde::Serialize;
use stores::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::steps::live_account::{LiveAccount, wire_with_sessions};
use crate::store::sessions::{self, Listed};

/// A session that has not ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    session_id: SessionId,
    /// As the client called its device, or else what it is: "Firefox on Linux".
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
pub(super) struct SessionList {
    items: Vec<Session>,
}

wire_with_sessions! {
    pub(super) struct ListSessions {
        pool: PgPool,
        world: World,
    }
}

/// Live sessions, the last used first.
#[utoipa::path(get, path = "/v1/auth/sessions", tag = "auth", responses((status = 200, body = SessionList), Problem))]
pub(super) async fn list_sessions(
    State(state): State<ListSessions>,
    account: LiveAccount,
) -> Result<Json<SessionList>, Problem> {
    let listed = sessions::list(&state.pool, account.id, state.world.now()).await?;
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
