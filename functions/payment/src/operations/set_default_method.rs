//! `PUT /v1/payment-methods/{id}/default`: what renewals are charged to.

use cinema_http::{Path, Problem, State, StatusCode, Uncapped};
use kernel::MethodId;
use sqlx::PgPool;
use stores::postgres;

use crate::store::{methods, subscriptions};

runtime::wire! { pub(super) struct SetDefaultMethod { pool: PgPool } }

/// Makes a saved method the one that is charged.
#[utoipa::path(
    put, path = "/v1/payment-methods/{id}/default", tag = "payment", params(("id" = inline(MethodId), Path)),
    responses((status = 204, description = "It is the one that is charged."), Problem)
)]
pub(super) async fn set_default_method(
    State(SetDefaultMethod { pool }): State<SetDefaultMethod>,
    account: Uncapped<10>,
    Path(id): Path<MethodId>,
) -> Result<StatusCode, Problem> {
    let is_known = postgres::transact(&pool, async |tx| {
        subscriptions::lock_account(tx, account.id).await?;
        methods::set_default(tx, account.id, id).await
    })
    .await?;
    if is_known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("payment method")) }
}
