//! The record of each mail, which keeps a job that is delivered twice from being sent twice.

use kernel::MessageId;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

/// Longer than one invocation (30 s): a crash gives the mail back after it.
const LEASE: Duration = Duration::seconds(60);

/// Who may send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The caller, now.
    Claimed,
    /// Nobody: it was sent, or cannot be.
    Finished,
    /// Somebody else is sending it.
    Taken,
}

/// Claims a mail for sending.
pub(crate) async fn claim(
    pool: &PgPool,
    id: MessageId,
    template: &str,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let claimed = sqlx::query(
        "insert into deliveries (message_id, template, status, attempts, leased_until, created_at) \
         values ($1, $2, 'sending', 1, $3, $4) on conflict (message_id) do update \
         set attempts = deliveries.attempts + 1, leased_until = excluded.leased_until \
         where deliveries.status = 'sending' and coalesce(deliveries.leased_until <= $4, true)",
    )
    .bind(id)
    .bind(template)
    .bind(now + LEASE)
    .bind(now)
    .execute(pool)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::Claimed);
    }
    let is_finished: bool = sqlx::query_scalar("select status <> 'sending' from deliveries where message_id = $1")
        .bind(id)
        .fetch_one(pool)
        .await?;
    Ok(if is_finished { Claim::Finished } else { Claim::Taken })
}

/// The provider has taken the mail.
pub(crate) async fn finish_sent(
    pool: &PgPool,
    id: MessageId,
    provider_id: &str,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update deliveries set status = 'sent', provider_id = $2, leased_until = null, finished_at = $3 \
         where message_id = $1",
    )
    .bind(id)
    .bind(provider_id)
    .bind(now)
    .execute(pool)
    .await
    .map(drop)
}

/// The mail can never be sent.
pub(crate) async fn finish_failed(
    pool: &PgPool,
    id: MessageId,
    reason: &str,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update deliveries set status = 'failed', failure = $2, leased_until = null, finished_at = $3 \
         where message_id = $1",
    )
    .bind(id)
    .bind(reason)
    .bind(now)
    .execute(pool)
    .await
    .map(drop)
}

/// The mail was not sent this time.
pub(crate) async fn release(pool: &PgPool, id: MessageId) -> Result<(), sqlx::Error> {
    sqlx::query("update deliveries set leased_until = null where message_id = $1 and status = 'sending'")
        .bind(id)
        .execute(pool)
        .await
        .map(drop)
}
