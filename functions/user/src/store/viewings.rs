//! The newest state of every playback session, and how far a profile is in a title because of them.

use events::{Playback, contracts::PlaybackState};
use kernel::{ProfileId, TitleId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Keeps everybody else from the profile's history until the transaction ends.
pub(crate) async fn lock_history(connection: &mut PgConnection, profile: ProfileId) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('history ' || $1, 0))")
        .bind(profile)
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps the newest state of a session, and when the picture last moved by any of its states, unless it was erased or its profile is gone. Needs
/// [`lock_history`].
pub(crate) async fn put(connection: &mut PgConnection, playback: &Playback) -> Result<(), sqlx::Error> {
    let put = sqlx::query(
        "insert into viewings (session_id, account_id, profile_id, title_id, sequence, position_ms, watched_ms, duration_ms, \
         started_at, at, played_at) select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 \
         where not exists (select from history_erasures where profile_id = $3 and title_id in ('', $4) and erased_at >= $10) \
         and not exists (select from profiles where id = $3 and deleted) \
         on conflict (session_id) do update set (sequence, position_ms, watched_ms, duration_ms, at) = \
         (select newest.* from (values \
           (viewings.sequence, viewings.position_ms, viewings.watched_ms, viewings.duration_ms, viewings.at), \
           (excluded.sequence, excluded.position_ms, excluded.watched_ms, excluded.duration_ms, excluded.at)) \
           as newest (sequence, position_ms, watched_ms, duration_ms, at) order by newest.sequence desc limit 1), \
         played_at = greatest(viewings.played_at, excluded.played_at) \
         where viewings.sequence < excluded.sequence or viewings.played_at < excluded.played_at",
    )
    .bind(playback.session)
    .bind(playback.account)
    .bind(playback.profile)
    .bind(playback.title)
    .bind(playback.sequence)
    .bind(i64::from(playback.position_ms))
    .bind(i64::from(playback.watched_ms))
    .bind(i64::from(playback.duration_ms))
    .bind(playback.started_at)
    .bind(playback.at)
    .bind(played_at(playback))
    .execute(&mut *connection)
    .await?;
    if put.rows_affected() == 1 {
        refresh_progress(connection, playback.profile, Some(playback.title)).await?;
    }
    Ok(())
}

/// When the picture moved for certain: a session that is paused, stalls or ends says nothing newer than that it began.
fn played_at(playback: &Playback) -> OffsetDateTime {
    let is_playing = playback.state == PlaybackState::Playing;
    if is_playing { playback.at.max(playback.started_at) } else { playback.started_at }
}

/// Derives how far the profile is in a title, or in all, from whatever viewings there are.
pub(super) async fn refresh_progress(
    connection: &mut PgConnection,
    profile: ProfileId,
    title: Option<TitleId>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into progress (profile_id, title_id, account_id, position_ms, duration_ms, watched_ms, watched_at, played_at) \
         select distinct on (title_id) profile_id, title_id, account_id, position_ms, duration_ms, \
         (sum(watched_ms) over (partition by title_id))::bigint, max(at) over (partition by title_id), \
         max(played_at) over (partition by title_id) \
         from viewings where profile_id = $1 and ($2::text is null or title_id = $2) \
         order by title_id, started_at desc, session_id desc \
         on conflict (profile_id, title_id) do update set position_ms = excluded.position_ms, duration_ms = excluded.duration_ms, \
         watched_ms = excluded.watched_ms, watched_at = excluded.watched_at, played_at = excluded.played_at",
    )
    .bind(profile)
    .bind(title)
    .execute(connection)
    .await
    .map(drop)
}
