//! What profiles can watch on.

use kernel::{TitleId, progress};
use sqlx::{FromRow, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    lists::{self, Place, micros},
    titles::{CARD_COLUMNS, CardRow, card_columns, visible},
};
use crate::viewpoint::Viewpoint;

/// A title to watch on.
pub(crate) struct ContinuedRow {
    pub card: CardRow,
    /// Where playing begins.
    pub position_ms: i64,
    pub duration_ms: i64,
    pub watched_at: OffsetDateTime,
    /// The title itself, or the episode before it.
    pub watched: TitleId,
    pub is_next_episode: bool,
}

impl ContinuedRow {
    pub(crate) fn place(&self) -> Place {
        (micros(self.watched_at), self.watched)
    }
}

impl FromRow<'_, PgRow> for ContinuedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            card: CardRow::from_row(row)?,
            position_ms: row.try_get(CARD_COLUMNS)?,
            duration_ms: row.try_get(CARD_COLUMNS + 1)?,
            watched_at: row.try_get(CARD_COLUMNS + 2)?,
            watched: row.try_get(CARD_COLUMNS + 3)?,
            is_next_episode: row.try_get(CARD_COLUMNS + 4)?,
        })
    }
}

/// What can be watched on, last watched first: of every series one episode.
pub(crate) async fn list(
    pool: &PgPool,
    viewpoint: &Viewpoint,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<ContinuedRow>, sqlx::Error> {
    let (card, visible) = (card_columns(), visible("t"));
    let is_begun = progress::is_begun_sql("p.position_ms", "p.duration_ms");
    let is_watched = progress::is_watched_sql("p.position_ms", "p.duration_ms");
    let resumes_at = progress::resumes_at_sql("n.position_ms", "n.duration_ms");
    // `last`: of every film and every series what was watched last. It goes on itself, or its next episode does.
    let statement = format!(
        "with last as (select distinct on (coalesce(s.parent_id, w.parent_id, w.id)) \
           w.id, w.kind, w.parent_id, w.number, s.parent_id as series_id, s.number as season_number, p.position_ms, p.duration_ms, \
           p.watched_at, {is_watched} as is_finished \
           from progress p join titles w on w.id = p.title_id left join titles s on s.id = w.parent_id \
           where p.profile_id = $5 and {is_begun} \
           order by coalesce(s.parent_id, w.parent_id, w.id), p.watched_at desc, p.title_id desc) \
         select {card}, case when l.is_finished then coalesce({resumes_at}, 0) else l.position_ms end, \
         case when l.is_finished then coalesce(round(t.duration_seconds * 1000)::bigint, 0) else l.duration_ms end, \
         l.watched_at, l.id, l.is_finished \
         from last l cross join lateral (\
           (select t.* from titles t where not l.is_finished and t.id = l.id and {visible}) union all \
           (select t.* from titles t left join titles s on s.id = t.parent_id where l.is_finished and l.kind = 'episode' \
            and t.kind = 'episode' and t.has_asset and {visible} \
            and t.parent_id in (select l.parent_id union select o.id from titles o where o.parent_id = l.series_id) \
            and ((t.parent_id = l.parent_id and t.number > l.number) or s.number > l.season_number) \
            order by s.number, t.number, t.id limit 1)) t \
         left join progress n on n.profile_id = $5 and n.title_id = t.id \
         where ($6::timestamptz is null or (l.watched_at, l.id) < ($6, $7)) order by l.watched_at desc, l.id desc limit $8"
    );
    lists::rows(pool, statement, viewpoint, after, limit).await
}
