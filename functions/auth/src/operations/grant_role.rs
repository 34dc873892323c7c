//! `PUT /v1/admin/accounts/{id}/roles/{role}`: gives an account a role, which its tokens carry from the next refresh on.

use cinema_http::{Admin, OpenApiRouter, Path, Problem, State, StatusCode, routes};
use kernel::{AccountId, World};
use runtime::{Boot, BootError};

use crate::{
    security_event::{Kind, SecurityEvent},
    store::{Granted, Role, Sessions, Staff},
};

#[derive(Clone)]
struct Granter {
    staff: Staff,
    sessions: Sessions,
    world: World,
}

/// 204, also when the account has it already; 409 `email_unverified` while nobody has proven to read its mails.
#[utoipa::path(put, path = "/v1/admin/accounts/{id}/roles/{role}", tag = "auth", security(("admin" = [])),
    params(("id" = AccountId, Path, description = "Account"), ("role" = Role, Path, description = "Role")),
    responses((status = 204), Problem))]
async fn grant_role(
    State(granter): State<Granter>,
    Admin(admin): Admin,
    Path((account, role)): Path<(AccountId, Role)>,
) -> Result<StatusCode, Problem> {
    let login = granter.sessions.live(&admin, granter.world.now()).await?;
    // The token's role may have been taken away in the meantime.
    login.person.require_role("admin")?;
    let event = SecurityEvent::new(&granter.world, account, Kind::RoleGranted, &admin.origin);
    match granter.staff.grant(account, role, &event.by(admin.id).with(role.as_str())).await? {
        Granted::Done => Ok(StatusCode::NO_CONTENT),
        Granted::NoAccount => Err(Problem::not_found("account")),
        Granted::Unverified => {
            Err(Problem::conflict("email_unverified", "The address of this account was never confirmed."))
        }
    }
}

/// Postgres.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let granter = Granter { staff: Staff::new(pool.clone()), sessions: Sessions::new(pool), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(grant_role)).with_state(granter))
}
