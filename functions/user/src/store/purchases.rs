//! The newest state of every purchase of a single title, as billing tells it.

use events::{Purchase, contracts::PurchaseStatus};
use kernel::{AccountId, policy::TitleGrant};
use sqlx::{PgConnection, Row, postgres::PgRow};

/// Keeps the newest state; `false` when an equally new or newer one is known.
pub(crate) async fn put(connection: &mut PgConnection, purchase: &Purchase) -> Result<bool, sqlx::Error> {
    let grant = &purchase.grant;
    let put = sqlx::query(
        "insert into purchases (id, account_id, title_id, kind, status, valid_to, sequence) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (id) do update set status = excluded.status, valid_to = excluded.valid_to, sequence = excluded.sequence \
         where purchases.sequence < excluded.sequence",
    )
    .bind(grant.purchase)
    .bind(purchase.account)
    .bind(grant.title)
    .bind(grant.kind)
    .bind(purchase.status.as_str())
    .bind(grant.valid_to)
    .bind(purchase.sequence)
    .execute(connection)
    .await?;
    Ok(put.rows_affected() == 1)
}

/// What an account's purchases bring, as far as they have not ended.
pub(crate) async fn list_active(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Vec<TitleGrant>, sqlx::Error> {
    let rows = sqlx::query("select title_id, id, kind, valid_to from purchases where account_id = $1 and status = $2")
        .bind(account)
        .bind(PurchaseStatus::Active.as_str())
        .fetch_all(connection)
        .await?;
    let grant = |row: &PgRow| {
        Ok(TitleGrant {
            title: row.try_get(0)?,
            purchase: row.try_get(1)?,
            kind: row.try_get(2)?,
            valid_to: row.try_get(3)?,
        })
    };
    rows.iter().map(grant).collect()
}
