//! Announced ends of titles, and who is to hear of them.

use events::TitleLeaving;
use kernel::{AccountId, TitleId, policy::sql_leaving_at, progress};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, types::Json};
use time::{Duration, OffsetDateTime};

use crate::leaving::Leaving;

/// Keeps an announcement, and forgets those whose end has come. One end may be announced again for other territories: the latest moment counts.
pub(crate) async fn put(
    connection: &mut PgConnection,
    leaving: &TitleLeaving,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    // A day later: clocks differ.
    sqlx::query("delete from leavings where ends_at <= $1").bind(now - Duration::DAY).execute(&mut *connection).await?;
    sqlx::query(
        "insert into leavings (title_id, ends_at, days, sequence, announced_at) select $1, $2, $3, $4, $5 where $2 > $6 \
         on conflict (title_id, ends_at, days) do update set sequence = greatest(leavings.sequence, excluded.sequence), \
         announced_at = greatest(leavings.announced_at, excluded.announced_at)",
    )
    .bind(leaving.title)
    .bind(leaving.ends_at)
    .bind(i16::try_from(leaving.days).unwrap_or(i16::MAX))
    .bind(leaving.sequence)
    .bind(leaving.announced_at)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// What was announced of a title, of its season and of its series and has not come yet, as far as the title is known; the first stage first.
pub(crate) async fn of(
    connection: &mut PgConnection,
    title: TitleId,
    now: OffsetDateTime,
) -> Result<Vec<Leaving>, sqlx::Error> {
    let rows: Vec<(TitleId, OffsetDateTime, i16, Json<Value>)> = sqlx::query_as(
        "select l.title_id, l.ends_at, l.days, t.names from leavings l join titles t on t.id = l.title_id \
         where l.ends_at > $2 and l.title_id in (select $1 union select parent_id from titles where id = $1 \
         union select s.parent_id from titles s join titles e on e.parent_id = s.id where e.id = $1) \
         order by l.days desc, l.title_id, l.ends_at",
    )
    .bind(title)
    .bind(now)
    .fetch_all(connection)
    .await?;
    let leaving = |(title, ends_at, days, Json(names))| Leaving::new(title, ends_at, days, &names);
    Ok(rows.into_iter().map(leaving).collect())
}

/// The next accounts, by id, that have not heard of it and are to: they had the title on a list when it was announced, or left it half seen,
/// where it ends at that moment by the catalogue's newest word. A film is half seen when it was begun and not watched, a series when an episode
/// was begun and one that can be played was not watched.
pub(crate) async fn interested(
    connection: &mut PgConnection,
    leaving: &Leaving,
    only: Option<AccountId>,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountId>, sqlx::Error> {
    let is_begun = progress::is_begun_sql("v.position_ms", "v.duration_ms");
    let is_watched = progress::is_watched_sql("v.position_ms", "v.duration_ms");
    let is_seen = progress::is_watched_sql("f.position_ms", "f.duration_ms");
    let ends_at = sql_leaving_at("t", "i.territory");
    let statement = format!(
        "with leaving as (select * from leavings where title_id = $1 and ends_at = $2 and days = $3), \
         t as (select t.* from titles t, leaving l where t.id = l.title_id and t.sequence >= l.sequence \
           and t.publication = 'published'), \
         below as (select id from titles where parent_id = $1 union all \
           select e.id from titles e join titles s on s.id = e.parent_id where s.parent_id = $1), \
         playable as (select id from titles where id in (select id from below) and kind = 'episode' and has_asset \
           and publication = 'published'), \
         interests as (\
           select w.profile_id, w.account_id, w.territory from watchlist w, leaving l \
             where w.title_id = $1 and w.is_listed and w.changed_at <= l.announced_at \
           union all select v.profile_id, v.account_id, v.territory from viewings v, t \
             where v.title_id = $1 and t.kind = 'film' and {is_begun} and not {is_watched} \
           union all select v.profile_id, v.account_id, v.territory from viewings v \
             where v.title_id in (select id from below) and exists (select from t where t.kind = 'series') and {is_begun} and exists (select from playable p where not exists (\
               select from viewings f where f.profile_id = v.profile_id and f.title_id = p.id and {is_seen}))) \
         select distinct i.account_id from interests i, t where {ends_at} = $2 \
         and ($4::text is null or i.account_id = $4) and ($5::text is null or i.account_id > $5) \
         and not exists (select from profiles p where p.id = i.profile_id and p.deleted) \
         and not exists (select from notifications n where n.account_id = i.account_id and n.fact = $6) \
         order by i.account_id limit $7"
    );
    sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(leaving.title)
        .bind(leaving.ends_at)
        .bind(leaving.days)
        .bind(only)
        .bind(after)
        .bind(leaving.fact())
        .bind(limit)
        .fetch_all(connection)
        .await
}
