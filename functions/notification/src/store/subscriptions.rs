//! How far subscriptions were told of, and what they are now.

use events::Subscription;
use sqlx::PgConnection;

/// Keeps the newest state; `false`: a newer one was told of before.
pub(crate) async fn put(connection: &mut PgConnection, subscription: &Subscription) -> Result<bool, sqlx::Error> {
    let put = sqlx::query(
        "insert into subscriptions (id, account_id, sequence, status, plan) values ($1, $2, $3, $4, $5) on conflict (id) do update \
         set sequence = excluded.sequence, status = excluded.status, plan = excluded.plan where subscriptions.sequence <= excluded.sequence",
    )
    .bind(subscription.id)
    .bind(subscription.account)
    .bind(subscription.sequence)
    .bind(subscription.status.to_string())
    .bind(&subscription.terms.plan)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() == 1)
}
