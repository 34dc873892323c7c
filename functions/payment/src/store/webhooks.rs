//! What providers have told.

use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// Keeps an event of a provider; `false` when it was told before.
pub(crate) async fn add(
    connection: &mut PgConnection,
    provider: &str,
    (event, kind, object): (&str, &str, &str),
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(
        "insert into webhooks (provider, event_id, kind, object_id, received_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
    )
    .bind(provider)
    .bind(event)
    .bind(kind)
    .bind(object)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Kind and object of an event that was not applied yet.
pub(crate) async fn find_waiting(
    executor: impl PgExecutor<'_>,
    provider: &str,
    event: &str,
) -> Result<Option<(String, String)>, sqlx::Error> {
    sqlx::query_as("select kind, object_id from webhooks where provider = $1 and event_id = $2 and applied_at is null")
        .bind(provider)
        .bind(event)
        .fetch_optional(executor)
        .await
}

/// Notes that an event was applied.
pub(crate) async fn applied(
    executor: impl PgExecutor<'_>,
    provider: &str,
    event: &str,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("update webhooks set applied_at = $3 where provider = $1 and event_id = $2")
        .bind(provider)
        .bind(event)
        .bind(now)
        .execute(executor)
        .await
        .map(drop)
}
