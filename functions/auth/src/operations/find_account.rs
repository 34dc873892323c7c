//! `GET /v1/admin/accounts?email=`: the account of an address, for support. Every look-up leaves a trace, those that find nothing as well.

use cinema_http::{Json, Problem, Query, State, Support};
use kernel::{AccountId, World};
use serde::{Deserialize, Serialize};
use stores::PgPool;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::steps::{
    happened::happened,
    limits::{FIND_ACCOUNT, Limits},
    live_account::{LiveAccount, wire_with_sessions},
};
use crate::{
    email::Email,
    problems::no_such_account,
    role::Role,
    security_event::Kind,
    store::{
        accounts::{self, Found},
        security_events,
    },
};

/// Whose account.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Upper and lower case are the same.
    email: Email,
}

/// An account as support sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct FoundAccount {
    account_id: AccountId,
    email: String,
    /// Language of its mails.
    #[schema(example = "en")]
    locale: String,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When its address was first proven; absent before.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    verified_at: Option<OffsetDateTime>,
    roles: Vec<String>,
    /// Whether signing in takes a code of an authenticator.
    has_second_factor: bool,
    /// How many sessions have not been ended.
    sessions: i64,
}

wire_with_sessions! {
    pub(super) struct FindAccount {
        pool: PgPool,
        limits: Limits,
        world: World,
    }
}

/// 200 with the account; 404 for an address without one.
#[utoipa::path(get, path = "/v1/admin/accounts", tag = "auth", params(Wanted),
    responses((status = 200, body = FoundAccount), Problem))]
pub(super) async fn find_account(
    State(state): State<FindAccount>,
    _caller: Support,
    agent: LiveAccount,
    Query(wanted): Query<Wanted>,
) -> Result<Json<FoundAccount>, Problem> {
    agent.login.person.require_role(Role::Support)?;
    state.limits.count(&FIND_ACCOUNT, agent.id, &agent.origin.address).await?;
    let found = accounts::find(&state.pool, &wanted.email).await?;
    let account = found.as_ref().map(|found| found.id);
    let event = happened(&state.world, account, Kind::AccountFound, &agent.origin).by(agent.id);
    security_events::add(&state.pool, &event).await?;
    found.map(|found| Json(found.into())).ok_or_else(no_such_account)
}

impl From<Found> for FoundAccount {
    fn from(found: Found) -> Self {
        Self {
            account_id: found.id,
            email: found.email.as_str().to_owned(),
            locale: found.locale.to_string(),
            created_at: found.created_at,
            verified_at: found.verified_at,
            roles: found.roles,
            has_second_factor: found.has_second_factor,
            sessions: found.sessions,
        }
    }
}
