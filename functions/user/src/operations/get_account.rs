//! `GET /v1/users/me`: the caller's account, with an ETag.

use cinema_http::{Account as Caller, Cached, HeaderMap, OpenApiRouter, Problem, State, routes};
use runtime::{Boot, BootError};
use stores::PgPool;

use crate::{account::Account, store};

/// The caller's account.
///
/// 404 `account_not_ready` for a moment after the address was verified, while the account is being set up.
#[utoipa::path(
    get, path = "/v1/users/me", tag = "user",
    security(("account" = [])),
    responses((status = 200, body = Account), (status = 304, description = "Not changed."), Problem)
)]
async fn get_account(
    State(pool): State<PgPool>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Cached<Account>, Problem> {
    let account = store::account(&pool, caller.id).await?.ok_or_else(store::account_not_ready)?;
    Ok(Cached::private(account, &headers))
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(get_account)).with_state(boot.postgres()?))
}
