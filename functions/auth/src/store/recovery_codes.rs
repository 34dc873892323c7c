//! Codes that take the place of an authenticator.

use kernel::AccountId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Replaces all codes of an account.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    account: AccountId,
    digests: &[Vec<u8>],
) -> Result<(), sqlx::Error> {
    remove(connection, account).await?;
    sqlx::query("insert into recovery_codes (account_id, digest) select $1, unnest($2::bytea[])")
        .bind(account)
        .bind(digests)
        .execute(connection)
        .await
        .map(drop)
}

/// Uses up a code; `false`: there is none, or it was used.
pub(crate) async fn use_up(
    connection: &mut PgConnection,
    account: AccountId,
    digest: &[u8],
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let used = "update recovery_codes set used_at = $3 where account_id = $1 and digest = $2 and used_at is null";
    let done = sqlx::query(used).bind(account).bind(digest).bind(now).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Takes them all away.
pub(crate) async fn remove(connection: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from recovery_codes where account_id = $1").bind(account).execute(connection).await.map(drop)
}
