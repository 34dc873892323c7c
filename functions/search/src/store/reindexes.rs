//! Indices that are, or were, built anew.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::reindex::{Reindex, ReindexState};

const COLUMNS: &str = "name, state, started_at, ended_at, copied, reason, position";

type Row = (String, String, OffsetDateTime, Option<OffsetDateTime>, i64, Option<String>, String);

fn of((name, state, started_at, ended_at, copied, reason, position): Row) -> Reindex {
    Reindex { name, state: ReindexState::of(&state), started_at, ended_at, copied, reason, position }
}

/// The one that is being built.
pub(crate) async fn building(connection: &mut PgConnection) -> Result<Option<Reindex>, sqlx::Error> {
    let statement = select(COLUMNS, "state = 'building'");
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_optional(connection).await?;
    Ok(row.map(of))
}

/// Whether one was begun whose name begins like this.
pub(crate) async fn is_known(connection: &mut PgConnection, beginning: &str) -> Result<bool, sqlx::Error> {
    let statement = "select exists (select from reindexes where starts_with(name, $1))";
    sqlx::query_scalar(statement).bind(beginning).fetch_one(connection).await
}

/// What an Idempotency-Key began, with the fingerprint of its request.
pub(crate) async fn claimed(
    connection: &mut PgConnection,
    claim: &str,
) -> Result<Option<(Reindex, String)>, sqlx::Error> {
    let statement = select(COLUMNS, "claim = $1");
    let row: Option<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(claim).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let fingerprint: String = sqlx::query_scalar("select coalesce(fingerprint, '') from reindexes where claim = $1")
        .bind(claim)
        .fetch_one(connection)
        .await?;
    Ok(Some((of(row), fingerprint)))
}

fn select(columns: &str, condition: &str) -> String {
    format!("select {columns} from reindexes where {condition}")
}

/// Begins one unless another is being built; whether it did.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    name: &str,
    now: OffsetDateTime,
    claim: Option<(&str, &str)>,
) -> Result<bool, sqlx::Error> {
    let (claim, fingerprint) = claim.unzip();
    let begun = sqlx::query(
        "insert into reindexes (name, state, started_at, claim, fingerprint) values ($1, 'building', $2, $3, $4) \
         on conflict do nothing",
    )
    .bind(name)
    .bind(now)
    .bind(claim)
    .bind(fingerprint)
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() > 0)
}

/// Titles up to `position` are copied; an empty one begins again.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    name: &str,
    position: &str,
    copied: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("update reindexes set position = $2, copied = $3 where name = $1")
        .bind(name)
        .bind(position)
        .bind(copied)
        .execute(connection)
        .await
        .map(drop)
}

/// It became live, or failed for a reason.
pub(crate) async fn end(
    connection: &mut PgConnection,
    name: &str,
    now: OffsetDateTime,
    reason: Option<&str>,
) -> Result<(), sqlx::Error> {
    let state = if reason.is_some() { ReindexState::Failed } else { ReindexState::Live };
    sqlx::query("update reindexes set state = $2, ended_at = $3, reason = $4 where name = $1 and state = 'building'")
        .bind(name)
        .bind(state.as_str())
        .bind(now)
        .bind(reason)
        .execute(connection)
        .await
        .map(drop)
}
