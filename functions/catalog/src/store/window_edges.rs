//! Openings and closings of windows, written into the audit as time passes over them.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// Records each edge of a published title's window that was passed since the last call, once; returns how many. Calls wait for each other.
pub(crate) async fn record(
    connection: &mut PgConnection,
    actor: &str,
    now: OffsetDateTime,
) -> Result<u64, sqlx::Error> {
    let since: OffsetDateTime =
        sqlx::query_scalar("select passed_until from window_edges for update").fetch_one(&mut *connection).await?;
    let recorded = sqlx::query(
        "insert into audit (title_id, actor, action, before, after, happened_at) \
         select t.id, $1, edge.action, t.document, t.document, edge.at \
         from titles t cross join lateral jsonb_array_elements(t.windows) as w \
         cross join lateral (values ('window_opened', (w->>'from')::timestamptz), ('window_closed', (w->>'until')::timestamptz)) \
         as edge (action, at) \
         where t.publication = 'published' and t.windows <> '[]' and edge.at > $2 and edge.at <= $3 order by edge.at, t.id",
    )
    .bind(actor)
    .bind(since)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    let passed = sqlx::query("update window_edges set passed_until = greatest(passed_until, $1)").bind(now);
    passed.execute(connection).await?;
    Ok(recorded.rows_affected())
}
