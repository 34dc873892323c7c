//! Accounts that were erased: invoices and payments stay without the person, everything else goes.

use kernel::{AccountId, tombstone};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// How many records an erasure changed, and when.
pub(crate) type Erased = (i64, OffsetDateTime);

/// Everything that is held of an account, `$1`. A test holds the list against the schema.
const RECORDS: &[&str] = &[
    "delete from methods where account_id = $1",
    "delete from promo_uses where account_id = $1",
    "update payments set account_id = null, method_id = null, method_token = null, checkout_url = null where account_id = $1",
    "update refunds set actor = null where actor = $1",
    "update subscriptions set account_id = null where account_id = $1",
    "update purchases set account_id = null, status = case status when 'pending' then 'not_paid' when 'active' then 'ended' \
     else status end where account_id = $1",
    "delete from idempotency_keys where split_part(scope, ' ', 1) = $1",
];

/// Whether the account was erased. Needs [`super::subscriptions::lock_account`] where it must stay so until the transaction ends.
pub(crate) async fn contains(connection: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    Ok(find(connection, account).await?.is_some())
}

/// The erasure of an account, if there was one.
pub(crate) async fn find(executor: impl PgExecutor<'_>, account: AccountId) -> Result<Option<Erased>, sqlx::Error> {
    sqlx::query_as("select records, erased_at from erased_accounts where digest = $1")
        .bind(tombstone(account))
        .fetch_optional(executor)
        .await
}

/// Forgets an account, and keeps its tombstone. Its invoices can still be told to be one payer's.
pub(crate) async fn erase(
    connection: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Erased, sqlx::Error> {
    let mut records = sqlx::query("update invoices set account_id = null, payer_digest = $2 where account_id = $1")
        .bind(account)
        .bind(tombstone(account))
        .execute(&mut *connection)
        .await?
        .rows_affected();
    for statement in RECORDS {
        records += sqlx::query(*statement).bind(account).execute(&mut *connection).await?.rows_affected();
    }
    // As Postgres keeps it: a repeated receipt must name the same moment.
    sqlx::query_as(
        "insert into erased_accounts (digest, records, erased_at) values ($1, $2, $3) returning records, erased_at",
    )
    .bind(tombstone(account))
    .bind(i64::try_from(records).unwrap_or(i64::MAX))
    .bind(now)
    .fetch_one(connection)
    .await
}
