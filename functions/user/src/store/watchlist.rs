//! What profiles want to watch.

use events::Event;
use kernel::{AccountId, ProfileId, Territory, TitleId, World};
use proto::{types, user::WatchlistChanged};
use sqlx::{FromRow, PgConnection, PgPool, Row, postgres::PgRow};
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

/// Puts a title there; the number of the change. One that is there already keeps its place: nothing changes, but that it is the person's if an
/// import brought it.
pub(crate) async fn add(
    connection: &mut PgConnection,
    viewpoint: &Viewpoint,
    title: TitleId,
) -> Result<Option<i64>, ListError> {
    lists::lock(connection, (viewpoint.account, viewpoint.profile)).await?;
    sqlx::query(
        "update watchlist set import_id = null where profile_id = $1 and title_id = $2 and import_id is not null",
    )
    .bind(viewpoint.profile)
    .bind(title)
    .execute(&mut *connection)
    .await?;
    let insert = format!(
        "insert into watchlist (profile_id, title_id, added_at) select $4, $6, $3 where {CONDITION} on conflict do nothing"
    );
    let is_new = lists::insert(&mut *connection, &insert, viewpoint, title, None).await?;
    count(connection, viewpoint.profile, is_new).await
}

/// Takes a title off it; the number of the change, if it was there.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    owner: (AccountId, ProfileId),
    title: TitleId,
) -> Result<Option<i64>, ListError> {
    lists::lock(connection, owner).await?;
    let is_gone = lists::remove(&mut *connection, "watchlist", owner, title).await?;
    count(connection, owner.1, is_gone).await
}

async fn count(connection: &mut PgConnection, profile: ProfileId, has_changed: bool) -> Result<Option<i64>, ListError> {
    if has_changed { Ok(Some(count_all(connection, profile, 1).await?)) } else { Ok(None) }
}

/// Counts that many changes, at least one; the number of the first. Needs the profile to be locked.
pub(crate) async fn count_all(
    connection: &mut PgConnection,
    profile: ProfileId,
    changes: usize,
) -> Result<i64, sqlx::Error> {
    let changes = i64::try_from(changes).unwrap_or(i64::MAX);
    let last: i64 = sqlx::query_scalar(
        "update profiles set watchlist_changes = watchlist_changes + $2 where id = $1 returning watchlist_changes",
    )
    .bind(profile)
    .bind(changes)
    .fetch_one(connection)
    .await?;
    Ok(last - changes + 1)
}

/// What others hear of a change.
pub(crate) struct Change<'a> {
    pub account: AccountId,
    pub profile: ProfileId,
    pub title: TitleId,
    pub is_listed: bool,
    /// Where the viewer is.
    pub territory: &'a Territory,
}

impl Change<'_> {
    /// The event of the change with this number.
    pub(crate) fn event(&self, world: &World, sequence: i64) -> Event {
        let is_known = *self.territory != Territory::unknown();
        let data = WatchlistChanged {
            profile_id: self.profile.to_string(),
            account_id: self.account.to_string(),
            title_id: self.title.to_string(),
            is_listed: self.is_listed,
            territory: if is_known { self.territory.to_string() } else { String::new() },
        };
        Event::new(world, types::WATCHLIST_CHANGED, self.profile, sequence, &data)
    }
}
