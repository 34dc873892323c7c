//! Sign-ins that wait for a code.

use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor, Row};
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
        "insert into mfa_tokens (digest, account_id, amr, transport, device_name, expires_at, provider, link_subject) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(digest)
    .bind(waiting.account)
    .bind(&waiting.methods)
    .bind(waiting.transport.as_str())
    .bind(&waiting.device_name)
    .bind(now + PATIENCE)
    .bind(&waiting.provider)
    .bind(&waiting.link_subject)
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
    let row = sqlx::query(
        "select account_id, amr, transport, device_name, provider, link_subject from mfa_tokens \
         where digest = $1 and expires_at > $2 and tries < $3",
    )
    .bind(digest)
    .bind(now)
    .bind(MAX_TRIES)
    .fetch_optional(database)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let transport: &str = row.try_get(2)?;
    Ok(Some(Waiting {
        account: row.try_get(0)?,
        methods: row.try_get(1)?,
        transport: if transport == Transport::Cookie.as_str() { Transport::Cookie } else { Transport::Body },
        device_name: row.try_get(3)?,
        provider: row.try_get(4)?,
        link_subject: row.try_get(5)?,
    }))
}

/// A wrong code; the fifth ends the token.
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

/// Ends those that came through a provider.
pub(crate) async fn forget_provider(
    connection: &mut PgConnection,
    account: AccountId,
    provider: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from mfa_tokens where account_id = $1 and provider = $2")
        .bind(account)
        .bind(provider)
        .execute(connection)
        .await
        .map(drop)
}
