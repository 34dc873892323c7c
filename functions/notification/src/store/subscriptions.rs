//! How far subscriptions were told of.

use events::Subscription;
use sqlx::PgConnection;

/// Keeps the newest state; `false`: a newer one was told of before.
pub(crate) async fn put(connection: &mut PgConnection, subscription: &Subscription) -> Result<bool, sqlx::Error> {
    let put = sqlx::query(
        "insert into subscriptions (id, account_id, sequence) values ($1, $2, $3) on conflict (id) do update \
         set sequence = excluded.sequence where subscriptions.sequence <= excluded.sequence",
    )
    .bind(subscription.id)
    .bind(subscription.account)
    .bind(subscription.sequence)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() == 1)
}
