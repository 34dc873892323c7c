//! `DELETE /v1/admin/accounts/{id}/roles/{role}`: takes a role away; tokens carry it until their next refresh, but cannot grant roles with it.

use cinema_http::{Admin, OpenApiRouter, Path, Problem, State, StatusCode, routes};
use kernel::{AccountId, World};
use runtime::{Boot, BootError};

use crate::{
    security_event::{Kind, SecurityEvent},
    store::{Revoked, Role, Sessions, Staff},
};

#[derive(Clone)]
struct Revoker {
    staff: Staff,
    sessions: Sessions,
    world: World,
}

/// 204, also when the account does not have it; 409 `last_admin` for the only administrator.
#[utoipa::path(delete, path = "/v1/admin/accounts/{id}/roles/{role}", tag = "auth", security(("admin" = [])),
    params(("id" = AccountId, Path, description = "Account"), ("role" = Role, Path, description = "Role")),
    responses((status = 204), Problem))]
async fn revoke_role(
    State(revoker): State<Revoker>,
    Admin(admin): Admin,
    Path((account, role)): Path<(AccountId, Role)>,
) -> Result<StatusCode, Problem> {
    let login = revoker.sessions.live(&admin, revoker.world.now()).await?;
    login.person.require_role("admin")?;
    let event = SecurityEvent::new(&revoker.world, account, Kind::RoleRevoked, &admin.origin);
    match revoker.staff.revoke(account, role, &event.by(admin.id).with(role.as_str())).await? {
        Revoked::Done => Ok(StatusCode::NO_CONTENT),
        Revoked::NoAccount => Err(Problem::not_found("account")),
        Revoked::LastAdmin => Err(Problem::conflict("last_admin", "Make somebody else an administrator first.")),
    }
}

/// Postgres.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let revoker = Revoker { staff: Staff::new(pool.clone()), sessions: Sessions::new(pool), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(revoke_role)).with_state(revoker))
}
