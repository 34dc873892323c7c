//! What accounts were told, and their inbox.

use kernel::{AccountId, NotificationId};
use proto::mail::{Mail, Template};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use time::OffsetDateTime;

use crate::{
    inbox::{Notification, State},
    notice::Notice,
    workflow::Workflow,
};

/// A template as the contract writes it inside a mail: `{"welcome": {}}`.
fn stored(template: &Template) -> Value {
    serde_json::to_value(Mail { template: Some(template.clone()), ..Mail::default() }).unwrap_or_default()
}

/// The template of a record; `None` where this version does not know it any more.
pub(crate) fn template(stored: Value) -> Option<Template> {
    serde_json::from_value::<Mail>(stored).ok()?.template
}

/// Keeps what an account is told. `false`: it was told before.
pub(crate) async fn add(
    connection: &mut PgConnection,
    id: NotificationId,
    account: AccountId,
    notice: &Notice,
    (workflow, is_listed): (Workflow, bool),
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(
        "insert into notifications (id, account_id, fact, workflow, template, is_listed, state, created_at) \
         values ($1, $2, $3, $4, $5, $6, 'unread', $7) on conflict on constraint notifications_fact do nothing",
    )
    .bind(id)
    .bind(account)
    .bind(&notice.fact)
    .bind(workflow.as_str())
    .bind(Json(stored(&notice.template)))
    .bind(is_listed)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The facts that an account was told of something, named by its id. Whoever else asks for the same waits until the transaction ends.
pub(crate) async fn facts_of(
    connection: &mut PgConnection,
    account: AccountId,
    id: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('facts ' || $1, 0))")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar("select fact from notifications where account_id = $1 and starts_with(fact, $2 || ' ')")
        .bind(account)
        .bind(id)
        .fetch_all(connection)
        .await
}

type Row = (NotificationId, String, Json<Value>, String, OffsetDateTime);

/// The inbox in one of the states, newest first.
pub(crate) async fn list(
    pool: &PgPool,
    account: AccountId,
    states: &[State],
    after: Option<NotificationId>,
    limit: i64,
) -> Result<Vec<Notification>, sqlx::Error> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "select id, workflow, template, state, created_at from notifications where account_id = $1 and is_listed \
         and state = any($2) and ($3::text is null or id < $3) order by id desc limit $4",
    )
    .bind(account)
    .bind(states)
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

fn read((id, workflow, Json(stored), state, created_at): Row) -> Notification {
    let state = State::ALL.into_iter().find(|known| known.as_str() == state).unwrap_or(State::Unread);
    Notification { id, workflow, template: template(stored), state, created_at }
}

/// How many nobody has read.
pub(crate) async fn count_unread(pool: &PgPool, account: AccountId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from notifications where account_id = $1 and is_listed and state = 'unread'")
        .bind(account)
        .fetch_one(pool)
        .await
}

/// Changes the state of one; `None`: the account has no such notification.
pub(crate) async fn set_state(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    id: NotificationId,
    state: State,
) -> Result<Option<Notification>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "update notifications set state = $3 where id = $1 and account_id = $2 and is_listed \
         returning id, workflow, template, state, created_at",
    )
    .bind(id)
    .bind(account)
    .bind(state.as_str())
    .fetch_optional(executor)
    .await?;
    Ok(row.map(read))
}

/// Everything that nobody has read is read.
pub(crate) async fn read_all(pool: &PgPool, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query("update notifications set state = 'read' where account_id = $1 and is_listed and state = 'unread'")
        .bind(account)
        .execute(pool)
        .await
        .map(drop)
}
