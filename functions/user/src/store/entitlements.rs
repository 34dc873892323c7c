//! What accounts may do, derived from all their subscriptions. An empty plan is none.

use kernel::{AccountId, policy::Entitlement};
use sqlx::{PgConnection, PgPool};

use super::subscriptions::terms;

/// Makes sure that the account has entitlements and holds them until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into entitlements (account_id, plan, max_streams, max_height, version) values ($1, '', 0, 0, 0) \
         on conflict do nothing",
    )
    .bind(account)
    .execute(&mut *connection)
    .await?;
    let lock = sqlx::query("select from entitlements where account_id = $1 for update").bind(account);
    lock.execute(connection).await.map(drop)
}

/// Changes what an account may do. Returns its new version, or `None` when nothing differs.
pub(crate) async fn put(
    connection: &mut PgConnection,
    account: AccountId,
    terms: &Entitlement,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "update entitlements set plan = $2, max_streams = $3, max_height = $4, valid_to = $5, grace_to = $6, version = version + 1 \
         where account_id = $1 and (plan, max_streams, max_height, valid_to, grace_to) is distinct from ($2, $3, $4, $5, $6) \
         returning version",
    )
    .bind(account)
    .bind(&terms.plan)
    .bind(i32::try_from(terms.max_streams).unwrap_or(i32::MAX))
    .bind(i32::try_from(terms.max_height).unwrap_or(i32::MAX))
    .bind(terms.valid_to)
    .bind(terms.grace_to)
    .fetch_optional(connection)
    .await
}

/// What an account may do, as far as anything was ever heard.
pub(crate) async fn find(pool: &PgPool, account: AccountId) -> Result<Option<Entitlement>, sqlx::Error> {
    let row = sqlx::query(
        "select plan, max_streams, max_height, valid_to, grace_to from entitlements \
         where account_id = $1 and valid_to is not null and grace_to is not null",
    )
    .bind(account)
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(terms).transpose()
}
