//! How far profiles were in titles when they last stopped, and what they want forgotten of it.

use events::{HistoryErased, Playback};
use kernel::ProfileId;
use sqlx::PgConnection;

/// Keeps everybody else from what is held of the profile until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, profile: ProfileId) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('viewings ' || $1, 0))")
        .bind(profile)
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps where a session ended, unless one that ended later is kept, it was erased or its profile is gone. Needs [`lock`].
pub(crate) async fn put(connection: &mut PgConnection, playback: &Playback) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into viewings (profile_id, title_id, account_id, session_id, sequence, position_ms, duration_ms, territory, at) \
         select $1, $2, $3, $4, $5, $6, $7, $8, $9 \
         where not exists (select from history_erasures where profile_id = $1 and title_id in ('', $2) and erased_at >= $9) \
         and not exists (select from profiles where id = $1 and deleted) \
         on conflict (profile_id, title_id) do update set session_id = excluded.session_id, sequence = excluded.sequence, \
         position_ms = excluded.position_ms, duration_ms = excluded.duration_ms, territory = excluded.territory, at = excluded.at \
         where (viewings.at, viewings.session_id, viewings.sequence) < (excluded.at, excluded.session_id, excluded.sequence)",
    )
    .bind(playback.profile)
    .bind(playback.title)
    .bind(playback.account)
    .bind(playback.session)
    .bind(playback.sequence)
    .bind(i64::from(playback.position_ms))
    .bind(i64::from(playback.duration_ms))
    .bind(&playback.territory)
    .bind(playback.at)
    .execute(connection)
    .await
    .map(drop)
}

/// Forgets what was watched until a moment, of one title or of all. Needs [`lock`].
pub(crate) async fn erase(connection: &mut PgConnection, erased: &HistoryErased) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into history_erasures (profile_id, title_id, account_id, erased_at) \
         select $1, coalesce($2, ''), $3, $4 where not exists (select from profiles where id = $1 and deleted) \
         on conflict (profile_id, title_id) do update \
         set erased_at = greatest(history_erasures.erased_at, excluded.erased_at)",
    )
    .bind(erased.profile)
    .bind(erased.title)
    .bind(erased.account)
    .bind(erased.erased_at)
    .execute(&mut *connection)
    .await?;
    sqlx::query("delete from viewings where profile_id = $1 and ($2::text is null or title_id = $2) and at <= $3")
        .bind(erased.profile)
        .bind(erased.title)
        .bind(erased.erased_at)
        .execute(connection)
        .await
        .map(drop)
}

/// Forgets the history of a profile that is gone. Needs [`lock`].
pub(crate) async fn forget(connection: &mut PgConnection, profile: ProfileId) -> Result<(), sqlx::Error> {
    for statement in
        ["delete from viewings where profile_id = $1", "delete from history_erasures where profile_id = $1"]
    {
        sqlx::query(statement).bind(profile).execute(&mut *connection).await?;
    }
    Ok(())
}
