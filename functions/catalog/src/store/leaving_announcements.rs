//! What was announced about titles that leave, so that nothing is announced twice.

use kernel::{Territory, TitleId};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::leaving::Due;

/// Keeps that these are announced; returns those that were not before.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    title: TitleId,
    due: Vec<Due>,
) -> Result<Vec<Due>, sqlx::Error> {
    let territories: Vec<Territory> = due.iter().map(|due| due.territory.clone()).collect();
    let ends: Vec<OffsetDateTime> = due.iter().map(|due| due.ends_at).collect();
    let days: Vec<i16> = due.iter().map(|due| due.days).collect();
    let kept: Vec<(Territory, OffsetDateTime, i16)> = sqlx::query_as(
        "insert into leaving_announcements (title_id, territory, ends_at, days) \
         select $1, * from unnest($2::text[], $3::timestamptz[], $4::smallint[]) on conflict do nothing returning territory, ends_at, days",
    )
    .bind(title)
    .bind(territories)
    .bind(ends)
    .bind(days)
    .fetch_all(connection)
    .await?;
    Ok(kept.into_iter().map(|(territory, ends_at, days)| Due { territory, ends_at, days }).collect())
}

/// Forgets announcements whose end has come, a day later: clocks differ, and none may be due again.
pub(crate) async fn forget(connection: &mut PgConnection, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    let forgotten = sqlx::query("delete from leaving_announcements where ends_at <= $1").bind(now - Duration::DAY);
    forgotten.execute(connection).await.map(drop)
}
