//! Subscriptions: each a document of the state machine.

use kernel::{AccountId, SubscriptionId};
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow, types::Json};
use time::OffsetDateTime;

use crate::subscription::{Status, Subscription};

/// A subscription with what stands beside its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub id: SubscriptionId,
    /// Absent once the person was erased.
    pub account: Option<AccountId>,
    pub version: i64,
    pub state: Subscription,
}

fn stored(row: PgRow) -> Result<Stored, sqlx::Error> {
    let Json(state) = row.try_get(3)?;
    Ok(Stored { id: row.try_get(0)?, account: row.try_get(1)?, version: row.try_get(2)?, state })
}

/// Adds a subscription in version 1.
pub(crate) async fn add(
    connection: &mut PgConnection,
    id: SubscriptionId,
    account: AccountId,
    state: &Subscription,
    now: OffsetDateTime,
) -> Result<Stored, sqlx::Error> {
    sqlx::query(
        "insert into subscriptions (id, account_id, status, due_at, version, document, created_at) \
         values ($1, $2, $3, $4, 1, $5, $6)",
    )
    .bind(id)
    .bind(account)
    .bind(state.status.as_str())
    .bind(state.due_at())
    .bind(Json(state))
    .bind(now)
    .execute(connection)
    .await?;
    Ok(Stored { id, account: Some(account), version: 1, state: state.clone() })
}

/// Writes a locked subscription. Its version goes up.
pub(crate) async fn put(connection: &mut PgConnection, subscription: &mut Stored) -> Result<(), sqlx::Error> {
    let state = &subscription.state;
    subscription.version = sqlx::query_scalar(
        "update subscriptions set status = $2, due_at = $3, document = $4, version = version + 1 where id = $1 returning version",
    )
    .bind(subscription.id)
    .bind(state.status.as_str())
    .bind(state.due_at())
    .bind(Json(state))
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Holds everything that is done for an account until the transaction ends: also where it has no subscription yet.
pub(crate) async fn lock_account(connection: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended('billing ' || $1, 0))").bind(account);
    lock.execute(connection).await.map(drop)
}

/// Holds a subscription until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: SubscriptionId) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query("select id, account_id, version, document from subscriptions where id = $1 for update")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.map(stored).transpose()
}

/// Holds the account's subscription that has not ended.
pub(crate) async fn lock_live(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query(
        "select id, account_id, version, document from subscriptions where account_id = $1 and status <> 'ended' for update",
    )
    .bind(account)
    .fetch_optional(connection)
    .await?;
    row.map(stored).transpose()
}

/// The account's subscription that has not ended, or else the last one that has.
pub(crate) async fn find_newest(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query(
        "select id, account_id, version, document from subscriptions where account_id = $1 \
         order by status = 'ended', created_at desc, id desc limit 1",
    )
    .bind(account)
    .fetch_optional(executor)
    .await?;
    row.map(stored).transpose()
}

/// The same, held until the transaction ends.
pub(crate) async fn lock_newest(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Option<Stored>, sqlx::Error> {
    match find_newest(&mut *connection, account).await? {
        Some(newest) => lock(connection, newest.id).await,
        None => Ok(None),
    }
}

/// Whether the account ever had one that brought it something: a trial is for the first time.
pub(crate) async fn had_any(connection: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from subscriptions where account_id = $1 \
         and (status not in ('pending', 'ended') or (document->>'period')::int > 0 or (document->>'cycle')::int > 0 \
         or (document->>'from') <> (document->>'anchor')))",
    )
    .bind(account)
    .fetch_one(connection)
    .await
}

/// Those that must be looked at, of some states, the longest due first.
pub(crate) async fn due(
    executor: impl PgExecutor<'_>,
    states: &[Status],
    now: OffsetDateTime,
    after: Option<(OffsetDateTime, SubscriptionId)>,
    limit: i64,
) -> Result<Vec<(OffsetDateTime, SubscriptionId)>, sqlx::Error> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    sqlx::query_as(
        "select due_at, id from subscriptions where due_at <= $1 and status = any($2) \
         and ($3::timestamptz is null or (due_at, id) > ($3, $4)) order by due_at, id limit $5",
    )
    .bind(now)
    .bind(states)
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(executor)
    .await
}
