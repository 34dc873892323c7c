//! Answers kept for Idempotency-Keys; `cinema_http` writes and reads them.

use kernel::AccountId;
use sqlx::PgConnection;

/// Deletes an account's keys; returns their number.
pub(crate) async fn delete(connection: &mut PgConnection, account: AccountId) -> Result<u64, sqlx::Error> {
    let deleted = sqlx::query("delete from idempotency_keys where split_part(scope, ' ', 1) = $1").bind(account);
    Ok(deleted.execute(connection).await?.rows_affected())
}
