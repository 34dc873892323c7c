//! Tombstones of deleted titles.

use kernel::TitleId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Whether there was such a title.
pub(crate) async fn contains(connection: &mut PgConnection, id: TitleId) -> Result<bool, sqlx::Error> {
    let contains = sqlx::query_scalar("select exists (select from deleted_titles where id = $1)");
    contains.bind(id).fetch_one(connection).await
}

/// Writes a tombstone.
pub(crate) async fn insert(connection: &mut PgConnection, id: TitleId, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    let insert = sqlx::query("insert into deleted_titles (id, deleted_at) values ($1, $2)").bind(id).bind(now);
    insert.execute(connection).await.map(drop)
}
