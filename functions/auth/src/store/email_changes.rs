//! Addresses that accounts want to have, with the codes that were sent there.

use kernel::AccountId;
use sqlx::{FromRow, PgConnection, Row};
use time::OffsetDateTime;

use crate::{
    code::{self, Sent},
    email::Email,
};

/// Makes a code the live one of an account.
pub(crate) async fn put(
    connection: &mut PgConnection,
    account: AccountId,
    (email, digest): (&Email, &[u8]),
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into email_changes (account_id, email, digest, expires_at) values ($1, $2, $3, $4) on conflict (account_id) do update \
         set email = excluded.email, digest = excluded.digest, expires_at = excluded.expires_at, tries = 0, used_at = null",
    )
    .bind(account)
    .bind(email)
    .bind(digest)
    .bind(now + code::LIFETIME)
    .execute(connection)
    .await
    .map(drop)
}

/// Counts a try; the wanted address and what was sent there.
pub(crate) async fn count_try(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Option<(Email, Sent)>, sqlx::Error> {
    let row = sqlx::query(
        "update email_changes set tries = tries + 1 where account_id = $1 returning digest, expires_at, tries, used_at, email",
    )
    .bind(account)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((row.try_get(4)?, Sent::from_row(&row)?))).transpose()
}

/// The code was right.
pub(crate) async fn mark_used(
    connection: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("update email_changes set used_at = $2 where account_id = $1")
        .bind(account)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Whatever the account wanted is off.
pub(crate) async fn forget(connection: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from email_changes where account_id = $1").bind(account).execute(connection).await.map(drop)
}
