//! Sign-ins that wait for a code.

use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

use crate::{
    second_factor::{PATIENCE, Waiting},
    transport::Transport,
    tries::MAX_TRIES,
};

/// Keeps a sign-in until its code comes.
pub(crate) async fn add(
    database: impl PgExecutor<'_>,
    digest: &[u8],
    waiting: &Waiting,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into mfa_tokens (digest, account_id, amr, transport, device_name, expires_at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(digest)
    .bind(waiting.account)
    .bind(&waiting.methods)
    .bind(waiting.transport.as_str())
    .bind(&waiting.device_name)
    .bind(now + PATIENCE)
    .execute(database)
    .await
    .map(drop)
}

/// The sign-in that waits behind a token.
pub(crate) async fn find(
    database: impl PgExecutor<'_>,
    digest: &[u8],
    now: OffsetDateTime,
) -> Result<Option<Waiting>, sqlx::Error> {
    let row: Option<(AccountId, Vec<String>, String, Option<String>)> = sqlx::query_as(
        "select account_id, amr, transport, device_name from mfa_tokens where digest = $1 and expires_at > $2 and tries < $3",
    )
    .bind(digest)
    .bind(now)
    .bind(MAX_TRIES)
    .fetch_optional(database)
    .await?;
    Ok(row.map(|(account, methods, transport, device_name)| Waiting {
        account,
        methods,
        transport: if transport == Transport::Cookie.as_str() { Transport::Cookie } else { Transport::Body },
        device_name,
    }))
}

/// A try in vain; the fifth ends the token.
pub(crate) async fn count_failure(connection: &mut PgConnection, digest: &[u8]) -> Result<(), sqlx::Error> {
    let counted = "update mfa_tokens set tries = tries + 1 where digest = $1";
    sqlx::query(counted).bind(digest).execute(connection).await.map(drop)
}

/// Uses up a token; `false`: somebody was faster.
pub(crate) async fn use_up(connection: &mut PgConnection, digest: &[u8]) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("delete from mfa_tokens where digest = $1").bind(digest).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends every sign-in of an account that waits.
pub(crate) async fn forget(connection: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from mfa_tokens where account_id = $1").bind(account).execute(connection).await.map(drop)
}
