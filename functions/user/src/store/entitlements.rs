//! What accounts may do, derived from all their subscriptions and purchases. An empty plan is none.

use kernel::{
    AccountId,
    policy::{Entitlement, TitleGrant},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;

use super::subscriptions::terms;
use crate::entitlement::Known;

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

/// Changes what an account's plan allows. Returns everything that it may do, or `None` when nothing differs.
pub(crate) async fn put_terms(
    connection: &mut PgConnection,
    account: AccountId,
    terms: &Entitlement,
) -> Result<Option<Known>, sqlx::Error> {
    let row = sqlx::query(
        "update entitlements set plan = $2, max_streams = $3, max_height = $4, valid_to = $5, grace_to = $6, version = version + 1 \
         where account_id = $1 and (plan, max_streams, max_height, valid_to, grace_to) is distinct from ($2, $3, $4, $5, $6) \
         returning plan, max_streams, max_height, valid_to, grace_to, titles, version",
    )
    .bind(account)
    .bind(&terms.plan)
    .bind(i32::try_from(terms.max_streams).unwrap_or(i32::MAX))
    .bind(i32::try_from(terms.max_height).unwrap_or(i32::MAX))
    .bind(terms.valid_to)
    .bind(terms.grace_to)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(known).transpose()
}

/// Changes which single titles an account may watch. Returns everything that it may do, or `None` when nothing differs.
pub(crate) async fn put_titles(
    connection: &mut PgConnection,
    account: AccountId,
    titles: &[TitleGrant],
) -> Result<Option<Known>, sqlx::Error> {
    let row = sqlx::query(
        "update entitlements set titles = $2, version = version + 1 where account_id = $1 and titles <> $2 \
         returning plan, max_streams, max_height, valid_to, grace_to, titles, version",
    )
    .bind(account)
    .bind(Json(titles))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(known).transpose()
}

/// What an account may do, as far as anything was ever heard.
pub(crate) async fn find(pool: &PgPool, account: AccountId) -> Result<Option<Known>, sqlx::Error> {
    let row = sqlx::query(
        "select plan, max_streams, max_height, valid_to, grace_to, titles, version from entitlements where account_id = $1",
    )
    .bind(account)
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(known).transpose()
}

fn known(row: &PgRow) -> Result<Known, sqlx::Error> {
    let (valid_to, grace_to): (Option<OffsetDateTime>, Option<OffsetDateTime>) = (row.try_get(3)?, row.try_get(4)?);
    let had_plan = valid_to.is_some() && grace_to.is_some();
    let Json(titles) = row.try_get(5)?;
    Ok(Known { terms: if had_plan { Some(terms(row)?) } else { None }, titles, version: row.try_get(6)? })
}
