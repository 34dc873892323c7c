//! Words that stand for each other.

use sqlx::{PgConnection, PgPool, types::Json};
use time::OffsetDateTime;

/// All groups.
pub(crate) async fn groups(pool: &PgPool) -> Result<Vec<Vec<String>>, sqlx::Error> {
    let groups: Option<Json<Vec<Vec<String>>>> =
        sqlx::query_scalar("select groups from synonyms").fetch_optional(pool).await?;
    Ok(groups.map(|Json(groups)| groups).unwrap_or_default())
}

/// Replaces all groups.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    groups: &[Vec<String>],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into synonyms (groups, changed_at) values ($1, $2) \
         on conflict (is_only) do update set groups = excluded.groups, changed_at = excluded.changed_at",
    )
    .bind(Json(groups))
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}
