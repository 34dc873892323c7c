//! Hashes of passwords.

use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

use crate::email::Email;

/// A hash to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewHash<'a> {
    /// PHC string.
    pub phc: &'a str,
    /// Whether the list of leaked passwords has yet to be asked.
    pub leak_unchecked: bool,
}

/// The hash of an account's password; an account of another provider has none.
pub(crate) async fn hash(database: impl PgExecutor<'_>, account: AccountId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select password_hash from credentials where account_id = $1")
        .bind(account)
        .fetch_optional(database)
        .await
}

/// When the account of an address got its present password.
pub(crate) async fn changed_at(
    database: impl PgExecutor<'_>,
    email: &Email,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar(
        "select c.changed_at from credentials c join accounts a on a.id = c.account_id where a.email = $1",
    )
    .bind(email)
    .fetch_optional(database)
    .await
}

/// Sets a password `if` so; the same statement runs in either case.
pub(crate) async fn set_if(
    connection: &mut PgConnection,
    is_to_be_set: bool,
    account: AccountId,
    hash: NewHash<'_>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into credentials (account_id, password_hash, changed_at, leak_unchecked) select $1, $2, $3, $4 where $5 \
         on conflict (account_id) do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at, \
         leak_unchecked = excluded.leak_unchecked",
    )
    .bind(account)
    .bind(hash.phc)
    .bind(now)
    .bind(hash.leak_unchecked)
    .bind(is_to_be_set)
    .execute(connection)
    .await
    .map(drop)
}

/// Replaces the hash that was looked at; `false`: it was changed in the meantime.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    account: AccountId,
    old: &str,
    new: NewHash<'_>,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update credentials set password_hash = $3, changed_at = $4, leak_unchecked = $5 where account_id = $1 and password_hash = $2",
    )
    .bind(account)
    .bind(old)
    .bind(new.phc)
    .bind(now)
    .bind(new.leak_unchecked)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces an outdated hash of the same password, unless that was changed in the meantime.
pub(crate) async fn rehash(
    database: impl PgExecutor<'_>,
    account: AccountId,
    (old, new): (&str, &str),
) -> Result<(), sqlx::Error> {
    sqlx::query("update credentials set password_hash = $3 where account_id = $1 and password_hash = $2")
        .bind(account)
        .bind(old)
        .bind(new)
        .execute(database)
        .await
        .map(drop)
}

/// The password is on no list of leaked ones, unless it was changed in the meantime.
pub(crate) async fn mark_checked(
    database: impl PgExecutor<'_>,
    account: AccountId,
    hash: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("update credentials set leak_unchecked = false where account_id = $1 and password_hash = $2")
        .bind(account)
        .bind(hash)
        .execute(database)
        .await
        .map(drop)
}
