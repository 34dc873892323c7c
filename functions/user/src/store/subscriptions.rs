//! The newest state of every subscription, as billing tells it.

use events::contracts::SubscriptionStatus;
use kernel::{AccountId, Names, policy::Entitlement};
use sqlx::{PgConnection, Row, postgres::PgRow};

use events::Subscription;

/// Keeps the newest state; `false` when an equally new or newer one is known.
pub(crate) async fn put(connection: &mut PgConnection, subscription: &Subscription) -> Result<bool, sqlx::Error> {
    let terms = &subscription.terms;
    let put = sqlx::query(
        "insert into subscriptions (id, account_id, status, plan, max_streams, max_height, valid_to, grace_to, sequence) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do update set status = excluded.status, plan = excluded.plan, \
         max_streams = excluded.max_streams, max_height = excluded.max_height, valid_to = excluded.valid_to, \
         grace_to = excluded.grace_to, sequence = excluded.sequence where subscriptions.sequence < excluded.sequence",
    )
    .bind(subscription.id)
    .bind(subscription.account)
    .bind(subscription.status.as_str())
    .bind(&terms.plan)
    .bind(i32::try_from(terms.max_streams).unwrap_or(i32::MAX))
    .bind(i32::try_from(terms.max_height).unwrap_or(i32::MAX))
    .bind(terms.valid_to)
    .bind(terms.grace_to)
    .bind(subscription.sequence)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() == 1)
}

/// Every subscription of an account.
pub(crate) async fn list(connection: &mut PgConnection, account: AccountId) -> Result<Vec<Subscription>, sqlx::Error> {
    let rows = sqlx::query(
        "select plan, max_streams, max_height, valid_to, grace_to, id, account_id, status, sequence from subscriptions \
         where account_id = $1",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    let subscription = |row: &PgRow| {
        let status: &str = row.try_get(7)?;
        Ok(Subscription {
            id: row.try_get(5)?,
            account: row.try_get(6)?,
            status: status.parse::<SubscriptionStatus>().map_err(|error| sqlx::Error::Decode(error.into()))?,
            sequence: row.try_get(8)?,
            terms: terms(row)?,
            // What is to come decides nothing about access.
            resumes_at: None,
            plan_names: Names::default(),
            next: None,
            renewal: None,
            needs_method: false,
        })
    };
    rows.iter().map(subscription).collect()
}

/// Plan, streams, lines and times: the first five columns.
pub(super) fn terms(row: &PgRow) -> Result<Entitlement, sqlx::Error> {
    let (max_streams, max_height): (i32, i32) = (row.try_get(1)?, row.try_get(2)?);
    let number = |number: i32| u32::try_from(number).map_err(|error| sqlx::Error::Decode(error.into()));
    Ok(Entitlement {
        plan: row.try_get(0)?,
        max_streams: number(max_streams)?,
        max_height: number(max_height)?,
        valid_to: row.try_get(3)?,
        grace_to: row.try_get(4)?,
    })
}
