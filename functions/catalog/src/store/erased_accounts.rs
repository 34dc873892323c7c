//! Tombstones of accounts that were erased.

use kernel::{AccountId, tombstone};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// How many records an erasure changed, and when.
pub(crate) type Erased = (i64, OffsetDateTime);

/// The erasure of an account, if there was one.
pub(crate) async fn find(connection: &mut PgConnection, account: AccountId) -> Result<Option<Erased>, sqlx::Error> {
    sqlx::query_as("select records, erased_at from erased_accounts where digest = $1")
        .bind(tombstone(account))
        .fetch_optional(connection)
        .await
}

/// Writes the tombstone. Returns it as Postgres keeps it: a repeated receipt must name the same moment.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    account: AccountId,
    records: i64,
    now: OffsetDateTime,
) -> Result<Erased, sqlx::Error> {
    sqlx::query_as(
        "insert into erased_accounts (digest, records, erased_at) values ($1, $2, $3) returning records, erased_at",
    )
    .bind(tombstone(account))
    .bind(records)
    .bind(now)
    .fetch_one(connection)
    .await
}
