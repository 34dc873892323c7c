//! `DELETE /v1/auth/oauth/{provider}`: an account of a provider can no longer sign in here.

use cinema_http::{Account, OpenApiRouter, Path, Problem, State, StatusCode, routes};
use kernel::World;
use runtime::{Boot, BootError};

use crate::{
    security_event::{Kind, SecurityEvent},
    store::{Links, Sessions, Unlinked},
};

#[derive(Clone)]
struct Unlinker {
    links: Links,
    sessions: Sessions,
    world: World,
}

/// 204; 404 when the account has no link with this provider, 409 `last_credential` when it could not sign in any more.
#[utoipa::path(delete, path = "/v1/auth/oauth/{provider}", tag = "auth", security(("account" = [])),
    params(("provider" = String, Path)), responses((status = 204), Problem))]
async fn unlink_oauth(
    State(unlinker): State<Unlinker>,
    account: Account,
    Path(provider): Path<String>,
) -> Result<StatusCode, Problem> {
    unlinker.sessions.live(&account, unlinker.world.now()).await?;
    let event = SecurityEvent::new(&unlinker.world, account.id, Kind::OauthUnlinked, &account.origin);
    let event = event.in_session(account.session).with(provider.as_str());
    match unlinker.links.unlink(account.id, &provider, &event).await? {
        Unlinked::Done => Ok(StatusCode::NO_CONTENT),
        Unlinked::Unknown => Err(Problem::not_found("provider")),
        Unlinked::IsLast => {
            let detail = "Nothing else signs you in. Set a password first with \"Forgot password\".";
            Err(Problem::conflict("last_credential", detail))
        }
    }
}

/// Postgres.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let unlinker = Unlinker { links: Links::new(pool.clone()), sessions: Sessions::new(pool), world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(unlink_oauth)).with_state(unlinker))
}
