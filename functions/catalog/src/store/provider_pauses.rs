//! Until when nobody asks a provider that has said it is asked too often.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::metadata::ProviderName;

/// Until when, if that is still to come.
pub(crate) async fn find(
    connection: &mut PgConnection,
    provider: ProviderName,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar("select until from provider_pauses where provider = $1 and until > $2")
        .bind(provider.as_str())
        .bind(now)
        .fetch_optional(connection)
        .await
}

/// Begins a pause, or makes it longer.
pub(crate) async fn extend(
    connection: &mut PgConnection,
    provider: ProviderName,
    until: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into provider_pauses (provider, until) values ($1, $2) \
         on conflict (provider) do update set until = greatest(provider_pauses.until, excluded.until)",
    )
    .bind(provider.as_str())
    .bind(until)
    .execute(connection)
    .await
    .map(drop)
}
