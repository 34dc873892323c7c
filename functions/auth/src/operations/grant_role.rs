//! `PUT /v1/admin/accounts/{id}/roles/{role}`: gives an account a role, which its tokens carry from the next refresh on.

use cinema_http::{Admin, Path, Problem, Proven, State, StatusCode};
use kernel::{AccountId, World};
use sqlx::PgConnection;
use stores::{PgPool, postgres};

use super::steps::{
    happened::happened,
    live_account::{LiveAccount, wire_with_sessions},
};
use crate::{
    problems::no_such_account,
    role::Role,
    security_event::{Kind, SecurityEvent},
    store::{accounts, roles, security_events},
};

wire_with_sessions! {
    pub(super) struct GrantRole {
        pool: PgPool,
        world: World,
    }
}

/// 204, also when the account has it already; 409 `email_unverified` while nobody has proven to read its mails; 403 `step_up_required` unless the
/// administrator proved who they are in the last ten minutes, with a code where an authenticator is in use.
#[utoipa::path(put, path = "/v1/admin/accounts/{id}/roles/{role}", tag = "auth",
    params(("id" = AccountId, Path, description = "Account"), ("role" = inline(Role), Path, description = "Role")),
    responses((status = 204), Problem))]
pub(super) async fn grant_role(
    State(state): State<GrantRole>,
    _caller: Admin,
    _proof: Proven<10, true>,
    admin: LiveAccount,
    Path((account, role)): Path<(AccountId, Role)>,
) -> Result<StatusCode, Problem> {
    // The token's role may have been taken away in the meantime.
    admin.login.person.require_role(Role::Admin)?;
    let event = happened(&state.world, account, Kind::RoleGranted, &admin.origin);
    let event = event.by(admin.id).with(role.as_str());
    postgres::transact(&state.pool, async |connection| grant(connection, account, role, &event).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn grant(
    connection: &mut PgConnection,
    account: AccountId,
    role: Role,
    event: &SecurityEvent,
) -> Result<(), Problem> {
    if !accounts::is_verified(connection, account).await?.ok_or_else(no_such_account)? {
        return Err(Problem::conflict(
            "email_unverified",
            "The address of this account was never confirmed. Its owner has to do that first.",
        ));
    }
    if roles::grant(connection, account, role, event.at).await? {
        security_events::add(connection, event).await?;
    }
    Ok(())
}
