//! `DELETE /v1/admin/accounts/{id}/roles/{role}`: takes a role away; tokens carry it until their next refresh, but cannot grant roles with it.

use cinema_http::{Admin, Path, Problem, Proven, State, StatusCode};
use kernel::{AccountId, World};
use sqlx::PgConnection;
use stores::{PgPool, postgres};

use super::steps::{
    happened::happened,
    live_account::{LiveAccount, wire_with_sessions},
};
use crate::{
    problems::{last_admin, no_such_account},
    role::Role,
    security_event::{Kind, SecurityEvent},
    store::{accounts, roles, security_events},
};

wire_with_sessions! {
    pub(super) struct RevokeRole {
        pool: PgPool,
        world: World,
    }
}

/// 204, also when the account does not have it; 409 `last_admin` for the only administrator; 403 `step_up_required` unless the administrator proved
/// who they are in the last ten minutes, with a code where an authenticator is in use.
#[utoipa::path(delete, path = "/v1/admin/accounts/{id}/roles/{role}", tag = "auth",
    params(("id" = AccountId, Path, description = "Account"), ("role" = inline(Role), Path, description = "Role")),
    responses((status = 204), Problem))]
pub(super) async fn revoke_role(
    State(state): State<RevokeRole>,
    _caller: Admin,
    _proof: Proven<10, true>,
    admin: LiveAccount,
    Path((account, role)): Path<(AccountId, Role)>,
) -> Result<StatusCode, Problem> {
    // The token's role may have been taken away in the meantime.
    admin.login.person.require_role(Role::Admin)?;
    let event = happened(&state.world, account, Kind::RoleRevoked, &admin.origin);
    let event = event.by(admin.id).with(role.as_str());
    postgres::transact(&state.pool, async |connection| revoke(connection, account, role, &event).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(
    connection: &mut PgConnection,
    account: AccountId,
    role: Role,
    event: &SecurityEvent,
) -> Result<(), Problem> {
    if !accounts::exists(connection, account).await? {
        return Err(no_such_account());
    }
    if role == Role::Admin && !roles::others_administrate(connection, account).await? {
        return Err(last_admin());
    }
    if roles::revoke(connection, account, role).await? {
        security_events::add(connection, event).await?;
    }
    Ok(())
}
