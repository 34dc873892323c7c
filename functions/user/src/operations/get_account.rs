//! `GET /v1/users/me`: the caller's account, with an ETag.

use cinema_http::{Account as Caller, Cached, HeaderMap, Problem, State};
use sqlx::PgPool;

use crate::{account::Account, problems::account_not_ready, store::accounts};

pub(super) type GetAccount = PgPool;

/// The caller's account.
///
/// 404 `account_not_ready` for a moment after the address was verified, while the account is being set up.
#[utoipa::path(
    get, path = "/v1/users/me", tag = "user",
    responses((status = 200, body = Account), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn get_account(
    State(pool): State<GetAccount>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Cached<Account>, Problem> {
    let account = accounts::find(&pool, caller.id).await?.ok_or_else(account_not_ready)?;
    Ok(Cached::private(account, &headers))
}
