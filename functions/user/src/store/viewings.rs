//! Viewings, what they come to, and what was erased of them.

use kernel::{AccountId, ProfileId, TitleId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::viewing::Viewing;

/// Keeps everybody else from the profile's history until the transaction ends.
pub async fn hold_history(transaction: &mut PgConnection, profile: ProfileId) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('history ' || $1, 0))")
        .bind(profile.to_string())
        .execute(transaction)
        .await
        .map(drop)
}

/// Keeps the newest state of a session, unless it was erased or its profile is gone. Needs [`hold_history`].
pub async fn put_viewing(transaction: &mut PgConnection, viewing: &Viewing) -> Result<(), sqlx::Error> {
    let put = sqlx::query(
        "insert into viewings (session_id, account_id, profile_id, title_id, sequence, position_ms, watched_ms, duration_ms, \
         started_at, at) select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 \
         where not exists (select from history_erasures where profile_id = $3 and title_id in ('', $4) and erased_at >= $10) \
         and not exists (select from profiles where id = $3 and deleted) \
         on conflict (session_id) do update set sequence = excluded.sequence, position_ms = excluded.position_ms, \
         watched_ms = excluded.watched_ms, duration_ms = excluded.duration_ms, at = excluded.at \
         where viewings.sequence < excluded.sequence",
    )
    .bind(viewing.session.to_string())
    .bind(viewing.account.to_string())
    .bind(viewing.profile.to_string())
    .bind(viewing.title.to_string())
    .bind(viewing.sequence)
    .bind(viewing.position_ms)
    .bind(viewing.watched_ms)
    .bind(viewing.duration_ms)
    .bind(viewing.started_at)
    .bind(viewing.at)
    .execute(&mut *transaction)
    .await?;
    if put.rows_affected() == 1 { refresh(transaction, viewing.profile, Some(viewing.title)).await } else { Ok(()) }
}

/// Forgets what the profile has watched until `now`, of one title or of all; the number of this erasure. Needs [`hold_history`].
pub async fn erase_history(
    transaction: &mut PgConnection,
    (account, profile): (AccountId, ProfileId),
    title: Option<TitleId>,
    now: OffsetDateTime,
) -> Result<i64, sqlx::Error> {
    let scope = title.map(|title| title.to_string());
    let sequence = sqlx::query_scalar(
        "insert into history_erasures (profile_id, title_id, account_id, erased_at, sequence) \
         select $1, coalesce($2, ''), $3, $4, coalesce(max(sequence), 0) + 1 from history_erasures where profile_id = $1 \
         on conflict (profile_id, title_id) do update set sequence = excluded.sequence, \
         erased_at = greatest(history_erasures.erased_at, excluded.erased_at) returning sequence",
    )
    .bind(profile.to_string())
    .bind(&scope)
    .bind(account.to_string())
    .bind(now)
    .fetch_one(&mut *transaction)
    .await?;
    sqlx::query("delete from viewings where profile_id = $1 and ($2::text is null or title_id = $2) and at <= $3")
        .bind(profile.to_string())
        .bind(&scope)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("delete from progress where profile_id = $1 and ($2::text is null or title_id = $2)")
        .bind(profile.to_string())
        .bind(&scope)
        .execute(&mut *transaction)
        .await?;
    refresh(transaction, profile, title).await?;
    Ok(sequence)
}

/// Everything that a profile has left behind, when the profile itself is deleted. Needs [`hold_history`].
pub async fn forget_profile(transaction: &mut PgConnection, profile: ProfileId) -> Result<(), sqlx::Error> {
    for statement in [
        "delete from viewings where profile_id = $1",
        "delete from progress where profile_id = $1",
        "delete from history_erasures where profile_id = $1",
        "delete from watchlist where profile_id = $1",
        "delete from ratings where profile_id = $1",
    ] {
        sqlx::query(statement).bind(profile.to_string()).execute(&mut *transaction).await?;
    }
    Ok(())
}

/// Derives how far the profile is in a title, or in all, from whatever viewings there are.
async fn refresh(
    transaction: &mut PgConnection,
    profile: ProfileId,
    title: Option<TitleId>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into progress (profile_id, title_id, account_id, position_ms, duration_ms, watched_ms, watched_at) \
         select distinct on (title_id) profile_id, title_id, account_id, position_ms, duration_ms, \
         (sum(watched_ms) over (partition by title_id))::bigint, max(at) over (partition by title_id) \
         from viewings where profile_id = $1 and ($2::text is null or title_id = $2) \
         order by title_id, started_at desc, session_id desc \
         on conflict (profile_id, title_id) do update set position_ms = excluded.position_ms, duration_ms = excluded.duration_ms, \
         watched_ms = excluded.watched_ms, watched_at = excluded.watched_at",
    )
    .bind(profile.to_string())
    .bind(title.map(|title| title.to_string()))
    .execute(transaction)
    .await
    .map(drop)
}
