//! Titles as the catalogue tells them, and who may see them now.

use cinema_http::Viewer;
use kernel::policy::sql_predicate;
use sqlx::{PgConnection, types::Json};

use crate::title::Title;

/// Keeps the newest state of a title.
pub async fn put_title(connection: &mut PgConnection, title: &Title, sequence: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into titles (id, sequence, kind, slug, names, year, poster, duration_seconds, parent_id, number, publication, \
         rating, windows, has_asset) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         on conflict (id) do update set sequence = excluded.sequence, kind = excluded.kind, slug = excluded.slug, \
         names = excluded.names, year = excluded.year, poster = excluded.poster, duration_seconds = excluded.duration_seconds, \
         parent_id = excluded.parent_id, number = excluded.number, publication = excluded.publication, rating = excluded.rating, \
         windows = excluded.windows, has_asset = excluded.has_asset where titles.sequence < excluded.sequence",
    )
    .bind(title.id.to_string())
    .bind(sequence)
    .bind(title.kind.as_str())
    .bind(&title.slug)
    .bind(&title.names)
    .bind(title.year)
    .bind(&title.poster)
    .bind(title.duration)
    .bind(title.parent.map(|parent| parent.to_string()))
    .bind(title.number)
    .bind(title.publication.as_str())
    .bind(title.rating.map(i16::from))
    .bind(Json(&title.windows))
    .bind(title.duration.is_some())
    .execute(connection)
    .await
    .map(drop)
}

/// Whether the viewer may see the title `table` now: the first three parameters of every statement that uses it are those of [`audience`].
pub(super) fn visible(table: &str) -> String {
    sql_predicate(table, "$1", "$2", "$3")
}

/// The highest rating and the territory, the first two parameters of [`visible`].
pub(super) fn audience(viewer: &Viewer) -> (i16, String) {
    (i16::from(viewer.policy.max_rating), viewer.policy.territory.to_string())
}
