//! Login sessions that ended lately: their access tokens still live, but prove nothing any more.

use kernel::SessionId;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// Six times as long as an access token lives.
const KEPT: Duration = Duration::hours(1);

/// Notes that a session has ended, and forgets those whose tokens have all expired.
pub(crate) async fn put(
    executor: impl PgExecutor<'_>,
    session: SessionId,
    ended_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with expired as (delete from ended_sessions where ended_at < $3) \
         insert into ended_sessions (session_id, ended_at) select $1, $2 where $2 >= $3 on conflict do nothing",
    )
    .bind(session)
    .bind(ended_at)
    .bind(now - KEPT)
    .execute(executor)
    .await
    .map(drop)
}

/// Whether a session is known to have ended.
pub(crate) async fn contains(executor: impl PgExecutor<'_>, session: SessionId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from ended_sessions where session_id = $1)")
        .bind(session)
        .fetch_one(executor)
        .await
}
