//! Titles as the catalogue tells them.

use std::collections::HashMap;

use events::Title;
use kernel::TitleId;
use sqlx::{PgExecutor, PgPool, types::Json};

/// Keeps the newest state of a title.
pub(crate) async fn put(pool: &PgPool, title: &Title) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into titles (id, sequence, kind, parent_id, names, publication, windows, has_asset, rating, published_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do update set sequence = excluded.sequence, \
         kind = excluded.kind, parent_id = excluded.parent_id, names = excluded.names, publication = excluded.publication, \
         windows = excluded.windows, has_asset = excluded.has_asset, rating = excluded.rating, \
         published_at = excluded.published_at where titles.sequence < excluded.sequence",
    )
    .bind(title.id)
    .bind(title.sequence)
    .bind(title.kind)
    .bind(title.parent)
    .bind(title.names.column())
    .bind(title.rules.publication)
    .bind(Json(&title.rules.windows))
    .bind(title.rules.has_asset)
    .bind(title.rules.rating.map(i16::from))
    .bind(title.published_at)
    .execute(pool)
    .await
    .map(drop)
}

/// The names of a title by locale and, under the empty key, for everybody else; none where the catalogue has not told of it yet.
pub(crate) async fn names(
    executor: impl PgExecutor<'_>,
    title: TitleId,
) -> Result<HashMap<String, String>, sqlx::Error> {
    let names: Option<Json<HashMap<String, String>>> =
        sqlx::query_scalar("select names from titles where id = $1").bind(title).fetch_optional(executor).await?;
    Ok(names.map(|Json(names)| names).unwrap_or_default())
}
