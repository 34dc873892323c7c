//! Accounts that were erased: everything about them goes, and what is told of them late does not bring it back.

use kernel::{AccountId, tombstone};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::address::digest;

/// Everything that is held of an account, `$1`, in the order in which rows refer to each other. A test holds the list against the schema.
const RECORDS: &[&str] = &[
    "delete from pushes where device_id in (select id from devices where account_id = $1)",
    "delete from devices where account_id = $1",
    "delete from deliveries where account_id = $1",
    "delete from notifications where account_id = $1",
    "delete from preferences where account_id = $1",
    "delete from idempotency_keys where split_part(scope, ' ', 1) = $1",
    "update campaigns set editor_id = null where editor_id = $1",
    "update wordings set editor_id = null where editor_id = $1",
    "delete from watchlist where account_id = $1",
    "delete from viewings where account_id = $1",
    "delete from history_erasures where account_id = $1",
    "delete from subscriptions where account_id = $1",
    "delete from profiles where account_id = $1",
    "delete from accounts where id = $1",
];

/// How many records an erasure removed, and when.
pub(crate) type Erased = (i64, OffsetDateTime);

/// Whether the account was erased. It cannot be until the transaction ends: an erasure waits for it, or it for the erasure.
pub(crate) async fn contains(connection: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))")
        .bind(account)
        .execute(&mut *connection)
        .await?;
    // A statement of its own, so that it sees what those before us committed.
    sqlx::query_scalar("select exists (select from erased_accounts where digest = $1)")
        .bind(tombstone(account))
        .fetch_one(connection)
        .await
}

/// Forgets an account; the same tombstone when there is one already.
pub(crate) async fn erase(
    connection: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Erased, sqlx::Error> {
    // Whoever applies an event about the account holds this lock shared.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(account)
        .execute(&mut *connection)
        .await?;
    let known: Option<Erased> = sqlx::query_as("select records, erased_at from erased_accounts where digest = $1")
        .bind(tombstone(account))
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(erased) = known {
        return Ok(erased);
    }
    let address: Option<String> = sqlx::query_scalar("select email from accounts where id = $1")
        .bind(account)
        .fetch_optional(&mut *connection)
        .await?;
    let mut records = sqlx::query("delete from suppressions where digest = $1")
        .bind(address.map(|address| digest(&address)))
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
