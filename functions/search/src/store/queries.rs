//! What was searched for and opened.

use kernel::{QueryId, TitleId};
use sqlx::{PgConnection, PgPool, types::Json};
use time::{Date, Duration, OffsetDateTime};

use crate::relevance::{Missed, Relevance};

/// A click that comes later belongs to no search any more.
const CLICKED_WITHIN: Duration = Duration::DAY;
/// Words that found nothing, in a report.
const MISSED: i64 = 20;

/// Notes a search.
pub(crate) async fn add(
    pool: &PgPool,
    id: QueryId,
    words: &str,
    total: u64,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into queries (query_id, at, words, total) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(now)
        .bind(words)
        .bind(i64::try_from(total).unwrap_or(i64::MAX))
        .execute(pool)
        .await
        .map(drop)
}

/// Notes that a result was opened, once for each search and title; one of an unknown or old search is not noted.
pub(crate) async fn click(
    pool: &PgPool,
    id: QueryId,
    title: TitleId,
    position: u16,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into clicks (query_id, title_id, position) select query_id, $2, $3 from queries where query_id = $1 and at > $4 \
         on conflict do nothing",
    )
    .bind(id)
    .bind(title)
    .bind(i32::from(position))
    .bind(now - CLICKED_WITHIN)
    .execute(pool)
    .await
    .map(drop)
}

/// How well the searches of a day (UTC) were answered: of each, the best result that was opened counts.
pub(crate) async fn relevance(connection: &mut PgConnection, day: Date) -> Result<Relevance, sqlx::Error> {
    let (searches, clicked, reciprocal_ranks, without_results) = sqlx::query_as(
        "select count(*), count(best), coalesce(sum(1.0::float8 / best), 0), count(*) filter (where total = 0) from ( \
         select total, (select min(position) from clicks where clicks.query_id = queries.query_id) as best from queries \
         where (at at time zone 'UTC')::date = $1) as answered",
    )
    .bind(day)
    .fetch_one(&mut *connection)
    .await?;
    let missed: Vec<(String, i64)> = sqlx::query_as(
        "select words, count(*) from queries where (at at time zone 'UTC')::date = $1 and total = 0 \
         group by words order by count(*) desc, words limit $2",
    )
    .bind(day)
    .bind(MISSED)
    .fetch_all(connection)
    .await?;
    let missed = missed.into_iter().map(|(words, times)| Missed { words, times }).collect();
    Ok(Relevance { searches, clicked, reciprocal_ranks, without_results, missed })
}

/// Keeps a day's report; a repeated one replaces it.
pub(crate) async fn report(connection: &mut PgConnection, day: Date, found: &Relevance) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into relevance (day, searches, clicked, reciprocal_ranks, without_results, missed) values ($1, $2, $3, $4, $5, $6) \
         on conflict (day) do update set searches = excluded.searches, clicked = excluded.clicked, \
         reciprocal_ranks = excluded.reciprocal_ranks, without_results = excluded.without_results, missed = excluded.missed",
    )
    .bind(day)
    .bind(found.searches)
    .bind(found.clicked)
    .bind(found.reciprocal_ranks)
    .bind(found.without_results)
    .bind(Json(&found.missed))
    .execute(connection)
    .await
    .map(drop)
}

/// Forgets the searches before a moment, with their clicks.
pub(crate) async fn forget(connection: &mut PgConnection, before: OffsetDateTime) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query("delete from queries where at < $1").bind(before).execute(connection).await?;
    Ok(forgotten.rows_affected())
}
