//! How far subscriptions were told of, and what they are now.

use events::Subscription;
use sqlx::PgConnection;
use time::Date;

use crate::notice::Outlook;

/// What is known of a subscription.
pub(crate) enum Known {
    /// This state or a newer one.
    Newest,
    /// An older state, if any. The new one is kept in its place.
    Older(Option<Outlook>),
}

type Row = (i64, Option<String>, Option<String>, Option<Date>, Option<Date>);

/// Keeps a state that is newer than the kept one. Whoever has another state of the same subscription waits until the transaction ends.
pub(crate) async fn put(connection: &mut PgConnection, subscription: &Subscription) -> Result<Known, sqlx::Error> {
    // A row to lock; versions begin at 1.
    sqlx::query("insert into subscriptions (id, account_id, sequence) values ($1, $2, 0) on conflict (id) do nothing")
        .bind(subscription.id)
        .bind(subscription.account)
        .execute(&mut *connection)
        .await?;
    let (sequence, status, plan, until, resumes_on): Row =
        sqlx::query_as("select sequence, status, plan, until, resumes_on from subscriptions where id = $1 for update")
            .bind(subscription.id)
            .fetch_one(&mut *connection)
            .await?;
    if sequence >= subscription.sequence {
        return Ok(Known::Newest);
    }
    let status = status.and_then(|status| status.parse().ok());
    let before = status.zip(plan).map(|(status, plan)| Outlook { status, plan, until, resumes_on });
    let outlook = Outlook::of(subscription);
    sqlx::query(
        "update subscriptions set sequence = $2, status = $3, plan = $4, until = $5, resumes_on = $6 where id = $1",
    )
    .bind(subscription.id)
    .bind(subscription.sequence)
    .bind(outlook.status.as_str())
    .bind(outlook.plan)
    .bind(outlook.until)
    .bind(outlook.resumes_on)
    .execute(connection)
    .await?;
    Ok(Known::Older(before))
}
