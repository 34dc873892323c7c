//! What profiles want to watch.

use kernel::{AccountId, ProfileId, TitleId};
use sqlx::{FromRow, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    lists::{self, CONDITION, ListError, Place, micros},
    titles::{CARD_COLUMNS, CardRow, card_columns, visible},
};
use crate::viewpoint::Viewpoint;

/// A title on a watchlist.
pub(crate) struct ListedRow {
    pub card: CardRow,
    pub added_at: OffsetDateTime,
}

impl ListedRow {
    pub(crate) fn place(&self) -> Place {
        (micros(self.added_at), self.card.id)
    }
}

impl FromRow<'_, PgRow> for ListedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { card: CardRow::from_row(row)?, added_at: row.try_get(CARD_COLUMNS)? })
    }
}

/// The watchlist, newest first.
pub(crate) async fn list(
    pool: &PgPool,
    viewpoint: &Viewpoint,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<ListedRow>, sqlx::Error> {
    let (card, visible) = (card_columns(), visible("t"));
    let statement = format!(
        "select {card}, w.added_at from watchlist w join titles t on t.id = w.title_id where w.profile_id = $5 and {visible} \
         and ($6::timestamptz is null or (w.added_at, w.title_id) < ($6, $7)) order by w.added_at desc, w.title_id desc limit $8"
    );
    lists::rows(pool, statement, viewpoint, after, limit).await
}

/// Puts a title there. One that is there already keeps its place.
pub(crate) async fn add(pool: &PgPool, viewpoint: &Viewpoint, title: TitleId) -> Result<(), ListError> {
    let insert = format!(
        "insert into watchlist (profile_id, title_id, added_at) select $4, $6, $3 where {CONDITION} on conflict do nothing"
    );
    lists::insert(pool, &insert, viewpoint, title, None).await
}

/// Takes a title off it.
pub(crate) async fn remove(pool: &PgPool, owner: (AccountId, ProfileId), title: TitleId) -> Result<(), ListError> {
    lists::remove(pool, "watchlist", owner, title).await
}
