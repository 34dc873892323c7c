//! What profiles have watched, and what they want forgotten of it.

use kernel::{AccountId, ProfileId, TitleId};
use sqlx::{FromRow, PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    lists::{self, Place, micros},
    titles::{CARD_COLUMNS, CardRow, card_columns, visible},
    viewings::refresh_progress,
};
use crate::viewpoint::Viewpoint;

/// A title that was watched.
pub(crate) struct WatchedRow {
    pub card: CardRow,
    pub position_ms: i64,
    pub duration_ms: i64,
    pub watched_ms: i64,
    pub watched_at: OffsetDateTime,
    pub rating: Option<i16>,
    /// Whether another service told it, and nothing was played here.
    pub is_imported: bool,
}

impl WatchedRow {
    pub(crate) fn place(&self) -> Place {
        (micros(self.watched_at), self.card.id)
    }
}

impl FromRow<'_, PgRow> for WatchedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            card: CardRow::from_row(row)?,
            position_ms: row.try_get(CARD_COLUMNS)?,
            duration_ms: row.try_get(CARD_COLUMNS + 1)?,
            watched_ms: row.try_get(CARD_COLUMNS + 2)?,
            watched_at: row.try_get(CARD_COLUMNS + 3)?,
            rating: row.try_get(CARD_COLUMNS + 4)?,
            is_imported: row.try_get(CARD_COLUMNS + 5)?,
        })
    }
}

/// What was watched, here or as another service told, last first.
pub(crate) async fn list(
    pool: &PgPool,
    viewpoint: &Viewpoint,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<WatchedRow>, sqlx::Error> {
    let (card, visible) = (card_columns(), visible("t"));
    let statement = format!(
        "select {card}, p.position_ms, coalesce(p.duration_ms, round(t.duration_seconds * 1000)::bigint, 0), p.watched_ms, p.watched_at, \
         r.value, p.is_imported \
         from (select profile_id, title_id, position_ms, duration_ms, watched_ms, watched_at, false as is_imported from progress \
         where profile_id = $5 union all \
         select i.profile_id, i.title_id, 0::bigint, null, 0::bigint, i.watched_at, true from imported_viewings i where i.profile_id = $5 \
         and not exists (select from progress o where o.profile_id = i.profile_id and o.title_id = i.title_id)) p \
         join titles t on t.id = p.title_id \
         left join ratings r on r.profile_id = p.profile_id and r.title_id = p.title_id \
         where {visible} and ($6::timestamptz is null or (p.watched_at, p.title_id) < ($6, $7)) \
         order by p.watched_at desc, p.title_id desc limit $8"
    );
    lists::rows(pool, statement, viewpoint, after, limit).await
}

/// Forgets what the profile has watched and hidden until `now`, of one title or of all. Returns the number of this erasure, and of what it has
/// forgotten that another service showed it. Needs [`super::viewings::lock_history`].
pub(crate) async fn erase(
    connection: &mut PgConnection,
    (account, profile): (AccountId, ProfileId),
    title: Option<TitleId>,
    now: OffsetDateTime,
) -> Result<(i64, Vec<TitleId>), sqlx::Error> {
    let sequence = sqlx::query_scalar(
        "insert into history_erasures (profile_id, title_id, account_id, erased_at, sequence) \
         select $1, coalesce($2, ''), $3, $4, coalesce(max(sequence), 0) + 1 from history_erasures where profile_id = $1 \
         on conflict (profile_id, title_id) do update set sequence = excluded.sequence, \
         erased_at = greatest(history_erasures.erased_at, excluded.erased_at) returning sequence",
    )
    .bind(profile)
    .bind(title)
    .bind(account)
    .bind(now)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("delete from viewings where profile_id = $1 and ($2::text is null or title_id = $2) and at <= $3")
        .bind(profile)
        .bind(title)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    // A session that goes on keeps nothing of before.
    sqlx::query(
        "update viewings set played_at = started_at where profile_id = $1 and ($2::text is null or title_id = $2) and played_at <= $3",
    )
    .bind(profile)
    .bind(title)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query("delete from continue_watching_hidden where profile_id = $1 and ($2::text is null or title_id = $2)")
        .bind(profile)
        .bind(title)
        .execute(&mut *connection)
        .await?;
    let imported = sqlx::query_scalar(
        "delete from imported_viewings where profile_id = $1 and ($2::text is null or title_id = $2) returning title_id",
    )
    .bind(profile)
    .bind(title)
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query("delete from progress where profile_id = $1 and ($2::text is null or title_id = $2)")
        .bind(profile)
        .bind(title)
        .execute(&mut *connection)
        .await?;
    refresh_progress(connection, profile, title).await?;
    Ok((sequence, imported))
}
