//! Addresses that mail does not reach, or whose owners called it spam.

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use crate::{address::digest, email_event::Suppression};

/// A mailbox that was not there may be there again after this time. A complaint has no end.
const BOUNCES_COUNT: Duration = Duration::days(30);

/// Puts addresses on the list. One that is there keeps the graver reason: a complaint.
pub(crate) async fn add(
    executor: impl PgExecutor<'_>,
    addresses: &[&str],
    reason: Suppression,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let mut digests: Vec<String> = addresses.iter().map(|address| digest(address)).collect();
    // Rows are locked in one order, and each once in a statement.
    digests.sort_unstable();
    digests.dedup();
    sqlx::query(
        "insert into suppressions (digest, reason, created_at) select unnest($1::text[]), $2, $3 on conflict (digest) \
         do update set reason = case when suppressions.reason = 'complaint' then 'complaint' else excluded.reason end, \
         created_at = greatest(suppressions.created_at, excluded.created_at)",
    )
    .bind(digests)
    .bind(reason.as_str())
    .bind(now)
    .execute(executor)
    .await
    .map(drop)
}

/// Why an address gets no mail at the moment, if it gets none.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    address: &str,
    now: OffsetDateTime,
) -> Result<Option<Suppression>, sqlx::Error> {
    let is_complaint: Option<bool> = sqlx::query_scalar(
        "select reason = 'complaint' from suppressions where digest = $1 and (reason = 'complaint' or created_at > $2)",
    )
    .bind(digest(address))
    .bind(now - BOUNCES_COUNT)
    .fetch_optional(executor)
    .await?;
    Ok(is_complaint.map(|is_complaint| if is_complaint { Suppression::Complaint } else { Suppression::Bounce }))
}
