//! How far subscriptions were told of, and what they are now.

use events::{Subscription, Trial};
use sqlx::PgConnection;
use time::Date;

use crate::notice::{Next, Outlook};

/// What is known of a subscription.
pub(crate) enum Known {
    /// This state or a newer one.
    Newest,
    /// An older state, if any. The new one is kept in its place.
    Older(Option<Outlook>),
}

type Row = (
    i64,
    Option<String>,
    Option<String>,
    Option<Date>,
    Option<Date>,
    bool,
    Option<String>,
    Option<i64>,
    Option<String>,
);

/// Keeps a state that is newer than the kept one. Whoever has another state of the same subscription waits until the transaction ends.
pub(crate) async fn put(connection: &mut PgConnection, subscription: &Subscription) -> Result<Known, sqlx::Error> {
    // A row to lock; versions begin at 1.
    sqlx::query("insert into subscriptions (id, account_id, sequence) values ($1, $2, 0) on conflict (id) do nothing")
        .bind(subscription.id)
        .bind(subscription.account)
        .execute(&mut *connection)
        .await?;
    let row: Row = sqlx::query_as(
        "select sequence, status, plan, until, resumes_on, is_suspended, next_plan, next_amount, next_period from subscriptions \
         where id = $1 for update",
    )
    .bind(subscription.id)
    .fetch_one(&mut *connection)
    .await?;
    if row.0 >= subscription.sequence {
        return Ok(Known::Newest);
    }
    let outlook = Outlook::of(subscription);
    let (next_amount, next_period) = outlook.next.as_ref().map(|next| (next.amount, next.period.as_str())).unzip();
    sqlx::query(
        "update subscriptions set sequence = $2, status = $3, plan = $4, until = $5, resumes_on = $6, is_suspended = $7, \
         next_plan = $8, next_amount = $9, next_period = $10 where id = $1",
    )
    .bind(subscription.id)
    .bind(subscription.sequence)
    .bind(outlook.status.as_str())
    .bind(outlook.plan)
    .bind(outlook.until)
    .bind(outlook.resumes_on)
    .bind(outlook.is_suspended)
    .bind(outlook.next.map(|next| next.plan))
    .bind(next_amount)
    .bind(next_period)
    .execute(connection)
    .await?;
    Ok(Known::Older(read(row)))
}

fn read(
    (_, status, plan, until, resumes_on, is_suspended, next_plan, next_amount, next_period): Row,
) -> Option<Outlook> {
    let period = next_period.and_then(|period| period.parse().ok());
    let next = next_plan.zip(next_amount).zip(period);
    let next = next.map(|((plan, amount), period)| Next { plan, amount, period });
    Some(Outlook { status: status?.parse().ok()?, is_suspended, plan: plan?, until, resumes_on, next })
}

/// Whether a newer state than the one in which a trial's end was announced is not on trial any more.
pub(crate) async fn has_left_trial(connection: &mut PgConnection, trial: &Trial) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from subscriptions where id = $1 and sequence > $2 and status <> 'trialing')",
    )
    .bind(trial.subscription)
    .bind(trial.sequence)
    .fetch_one(connection)
    .await
}
