//! The ledger: entries are added, never changed.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::ledger::Entry;

/// Books entries under the id of what happened; a repetition books nothing.
pub(crate) async fn book(
    connection: &mut PgConnection,
    id: impl ToString,
    entries: &[Entry],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let id = id.to_string();
    for entry in entries {
        sqlx::query(
            "insert into ledger_entries (transaction_id, account, amount, currency, booked_at) values ($1, $2, $3, $4, $5) \
             on conflict do nothing",
        )
        .bind(&id)
        .bind(&entry.account)
        .bind(entry.amount.minor)
        .bind(entry.amount.currency)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
