//! Who changed which title, and how.

use kernel::{AccountId, TitleId};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, types::Json};
use time::OffsetDateTime;

use super::ERASED;
use crate::title::Title;

/// One change of a title.
pub(crate) struct Entry<'a> {
    pub actor: &'a str,
    pub action: &'a str,
    /// `None`: the title is new.
    pub before: Option<&'a Title>,
    pub after: &'a Title,
    pub at: OffsetDateTime,
}

/// Records a change.
pub(crate) async fn record(connection: &mut PgConnection, entry: Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        // An access token outlives the account it was made for by minutes.
        "insert into audit (title_id, actor, action, before, after, happened_at) select $1, case when exists (select from erased_accounts \
         where digest = encode(sha256(convert_to($2, 'UTF8')), 'hex')) then $7 else $2 end, $3, $4, $5, $6",
    )
    .bind(entry.after.id)
    .bind(entry.actor)
    .bind(entry.action)
    .bind(entry.before.map(Json))
    .bind(Json(entry.after))
    .bind(entry.at)
    .bind(ERASED)
    .execute(connection)
    .await
    .map(drop)
}

/// A change as it is kept.
pub(crate) struct Recorded {
    pub id: i64,
    pub actor: String,
    pub action: String,
    pub before: Option<Value>,
    pub after: Value,
    pub at: OffsetDateTime,
}

/// The newest `limit` changes of a title that are older than `after`.
pub(crate) async fn list(
    pool: &PgPool,
    title: TitleId,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    type Row = (i64, String, String, Option<Value>, Value, OffsetDateTime);
    let rows: Vec<Row> = sqlx::query_as(
        "select id, actor, action, before, after, happened_at from audit \
         where title_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3",
    )
    .bind(title)
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let recorded = |(id, actor, action, before, after, at): Row| Recorded { id, actor, action, before, after, at };
    Ok(rows.into_iter().map(recorded).collect())
}

/// Waits for the changes and imports under way and holds up those that come, until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("lock table audit, imports in share row exclusive mode").execute(connection).await.map(drop)
}

/// Keeps what an account did but not that it was this account; returns the number of entries.
pub(crate) async fn erase_actor(connection: &mut PgConnection, account: AccountId) -> Result<u64, sqlx::Error> {
    let renamed = sqlx::query("update audit set actor = $2 where actor = $1").bind(account).bind(ERASED);
    Ok(renamed.execute(connection).await?.rows_affected())
}
