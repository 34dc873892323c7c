//! The record of each mail, which keeps a job that is delivered twice from being sent twice.

use kernel::MessageId;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use crate::message::Template;

/// Longer than one invocation; a crash gives the mail back after it.
const LEASE: Duration = Duration::seconds(60);

/// Deliveries in the service's schema.
#[derive(Clone)]
pub struct Deliveries(PgPool);

/// Who may send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The caller, now.
    Mine,
    /// Nobody: it was sent, or cannot be.
    Finished,
    /// Somebody else is at it.
    Taken,
}

impl Deliveries {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Claims a mail for sending.
    pub async fn claim(&self, id: MessageId, template: Template, now: OffsetDateTime) -> Result<Claim, sqlx::Error> {
        let claimed = sqlx::query(
            "insert into deliveries (message_id, template, status, attempts, leased_until, created_at) \
             values ($1, $2, 'sending', 1, $3, $4) on conflict (message_id) do update \
             set attempts = deliveries.attempts + 1, leased_until = excluded.leased_until \
             where deliveries.status = 'sending' and coalesce(deliveries.leased_until <= $4, true)",
        )
        .bind(id.to_string())
        .bind(template.name())
        .bind(now + LEASE)
        .bind(now)
        .execute(&self.0)
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(Claim::Mine);
        }
        let is_finished: bool = sqlx::query_scalar("select status <> 'sending' from deliveries where message_id = $1")
            .bind(id.to_string())
            .fetch_one(&self.0)
            .await?;
        Ok(if is_finished { Claim::Finished } else { Claim::Taken })
    }

    /// The provider has taken the mail.
    pub async fn sent(&self, id: MessageId, provider_id: &str, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        sqlx::query("update deliveries set status = 'sent', provider_id = $2, leased_until = null, finished_at = $3 where message_id = $1")
            .bind(id.to_string())
            .bind(provider_id)
            .bind(now)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// The mail can never be sent.
    pub async fn failed(&self, id: MessageId, reason: &str, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        sqlx::query("update deliveries set status = 'failed', failure = $2, leased_until = null, finished_at = $3 where message_id = $1")
            .bind(id.to_string())
            .bind(reason)
            .bind(now)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// The mail was not sent this time.
    pub async fn release(&self, id: MessageId) -> Result<(), sqlx::Error> {
        sqlx::query("update deliveries set leased_until = null where message_id = $1 and status = 'sending'")
            .bind(id.to_string())
            .execute(&self.0)
            .await?;
        Ok(())
    }
}
