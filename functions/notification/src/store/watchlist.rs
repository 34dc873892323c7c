//! What profiles have on their lists, as the user service tells it.

use events::WatchlistChange;
use kernel::ProfileId;
use sqlx::PgConnection;

/// Keeps a profile's newest word on a title, unless the profile is gone. Needs [`super::viewings::lock`].
pub(crate) async fn put(connection: &mut PgConnection, change: &WatchlistChange) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into watchlist (profile_id, title_id, account_id, is_listed, territory, sequence, changed_at) \
         select $1, $2, $3, $4, $5, $6, $7 where not exists (select from profiles where id = $1 and deleted) \
         on conflict (profile_id, title_id) do update set is_listed = excluded.is_listed, territory = excluded.territory, \
         sequence = excluded.sequence, changed_at = excluded.changed_at where watchlist.sequence < excluded.sequence",
    )
    .bind(change.profile)
    .bind(change.title)
    .bind(change.account)
    .bind(change.is_listed)
    .bind(&change.territory)
    .bind(change.sequence)
    .bind(change.at)
    .execute(connection)
    .await
    .map(drop)
}

/// Forgets the list of a profile that is gone.
pub(crate) async fn forget(connection: &mut PgConnection, profile: ProfileId) -> Result<(), sqlx::Error> {
    let forgotten = sqlx::query("delete from watchlist where profile_id = $1").bind(profile);
    forgotten.execute(connection).await.map(drop)
}
