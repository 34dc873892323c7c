//! `PATCH /v1/users/me`: changes what the person told about themselves, by JSON Merge Patch, against the version that was seen.

use cinema_http::{
    Account as Caller, Cached, HeaderMap, IfMatch, Json, MergePatch, OpenApiRouter, Problem, State, etag, routes,
};
use runtime::{Boot, BootError};
use sqlx::PgConnection;
use stores::{PgPool, postgres::settle};

use crate::{
    account::{Account, Changes},
    store,
};

/// Changes the caller's account.
#[utoipa::path(
    patch, path = "/v1/users/me", tag = "user",
    security(("account" = [])),
    params(("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen.")),
    request_body(
        content = Changes, content_type = "application/merge-patch+json",
        description = "JSON Merge Patch (RFC 7396): absent members stay, null removes"
    ),
    responses((status = 200, body = Account), Problem)
)]
async fn update_account(
    State(pool): State<PgPool>,
    caller: Caller,
    if_match: IfMatch,
    Json(MergePatch(changes)): Json<MergePatch<Changes>>,
) -> Result<Cached<Account>, Problem> {
    let mut transaction = pool.begin().await?;
    let changed = change(&mut transaction, &caller, &if_match, &changes).await;
    settle(transaction, changed).await.map(|account| Cached::private(account, &HeaderMap::new()))
}

async fn change(
    transaction: &mut PgConnection,
    caller: &Caller,
    if_match: &IfMatch,
    changes: &Changes,
) -> Result<Account, Problem> {
    let before = store::account_for_update(transaction, caller.id).await?;
    if_match.check(&etag(&serde_json::to_vec(&before).map_err(Problem::internal)?))?;
    Ok(store::change_account(transaction, caller.id, changes).await?)
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(update_account)).with_state(boot.postgres()?))
}
