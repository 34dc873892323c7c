//! Uploads whose pictures nobody is told of any longer.

use kernel::ArtworkId;
use sqlx::PgPool;
use time::OffsetDateTime;

/// The first `limit` that are due.
pub(crate) async fn due(pool: &PgPool, now: OffsetDateTime, limit: i64) -> Result<Vec<ArtworkId>, sqlx::Error> {
    sqlx::query_scalar("select id from artwork_leavings where due_at <= $1 order by due_at, id limit $2")
        .bind(now)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// Forgets one whose pictures are removed, unless there are new ones since.
pub(crate) async fn forget(pool: &PgPool, id: ArtworkId, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    let forgotten = sqlx::query("delete from artwork_leavings where id = $1 and due_at <= $2").bind(id).bind(now);
    forgotten.execute(pool).await.map(drop)
}
