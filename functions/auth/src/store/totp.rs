//! Authenticators.

use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// An authenticator that waits for its confirmation.
pub(crate) struct Enrolment {
    /// Sealed; see [`crate::totp::TotpSecret::seal`].
    pub secret: Vec<u8>,
    pub enrolled_at: OffsetDateTime,
    pub is_confirmed: bool,
}

/// Keeps a secret to be confirmed, in place of one that was not; `false`: one is in use.
pub(crate) async fn enrol(
    database: impl PgExecutor<'_>,
    account: AccountId,
    sealed: &[u8],
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into totp (account_id, secret, enrolled_at) values ($1, $2, $3) on conflict (account_id) do update \
         set secret = excluded.secret, enrolled_at = excluded.enrolled_at where totp.confirmed_at is null",
    )
    .bind(account)
    .bind(sealed)
    .bind(now)
    .execute(database)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The newest enrolment.
pub(crate) async fn enrolment(
    database: impl PgExecutor<'_>,
    account: AccountId,
) -> Result<Option<Enrolment>, sqlx::Error> {
    let row: Option<(Vec<u8>, OffsetDateTime, bool)> =
        sqlx::query_as("select secret, enrolled_at, confirmed_at is not null from totp where account_id = $1")
            .bind(account)
            .fetch_optional(database)
            .await?;
    Ok(row.map(|(secret, enrolled_at, is_confirmed)| Enrolment { secret, enrolled_at, is_confirmed }))
}

/// Takes an authenticator into use with its first step; `false`: it is no longer the one that was looked at.
pub(crate) async fn confirm(
    connection: &mut PgConnection,
    account: AccountId,
    (sealed, step): (&[u8], i64),
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update totp set confirmed_at = $3, last_step = $4 where account_id = $1 and secret = $2 and confirmed_at is null",
    )
    .bind(account)
    .bind(sealed)
    .bind(now)
    .bind(step)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The sealed secret of an authenticator in use.
pub(crate) async fn secret(database: impl PgExecutor<'_>, account: AccountId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("select secret from totp where account_id = $1 and confirmed_at is not null")
        .bind(account)
        .fetch_optional(database)
        .await
}

/// Uses up a step and all before it; `false`: it was used.
pub(crate) async fn use_step(
    connection: &mut PgConnection,
    account: AccountId,
    step: i64,
) -> Result<bool, sqlx::Error> {
    let used = "update totp set last_step = $2 where account_id = $1 and confirmed_at is not null and last_step < $2";
    let done = sqlx::query(used).bind(account).bind(step).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the authenticator away; `false`: none was in use.
pub(crate) async fn remove(connection: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    let was_confirmed: Option<bool> =
        sqlx::query_scalar("delete from totp where account_id = $1 returning confirmed_at is not null")
            .bind(account)
            .fetch_optional(connection)
            .await?;
    Ok(was_confirmed == Some(true))
}
