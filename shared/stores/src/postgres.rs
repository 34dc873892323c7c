//! Postgres through a pool of one connection: an environment handles one request at a time.

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgConnection, PgPool, PgTransaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::StoreError;

/// How long a request waits for a connection.
pub const ACQUIRE: Duration = Duration::from_secs(2);
/// The same where requests share a pool, which only tests do: they wait for each other as well.
pub const SHARED_ACQUIRE: Duration = Duration::from_secs(6);

/// A lazy pool that waits at most `acquire` for a connection; must be called inside a tokio runtime.
///
/// # Errors
/// When `url` is not a Postgres URL.
pub fn pool(url: &str, connections: u32, acquire: Duration) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(|error| StoreError::new("postgres", error))?;
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(acquire)
        // A frozen sandbox outlives its connections; RDS Proxy and NAT drop idle ones after about five minutes.
        .idle_timeout(Duration::from_secs(240))
        .connect_lazy_with(options))
}

/// Runs `work` in a transaction: its `Ok` is committed and its `Err` rolled back before this returns. The only way to a transaction.
/// Rolling back is not left to the drop: a sandbox that is frozen after its answer would keep the rows locked.
///
/// Work that must be kept although the caller is refused (a counted attempt) returns the refusal inside its `Ok`.
///
/// # Errors
/// The work's own, or that the transaction could not begin or commit.
pub async fn transact<T, E: From<sqlx::Error>>(
    pool: &PgPool,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let mut transaction = begin(pool).await?;
    let outcome = work(&mut transaction).await;
    end(transaction, outcome).await
}

/// For wrappers of [`transact`] alone.
///
/// # Errors
/// When no connection can be had.
#[expect(clippy::disallowed_methods, reason = "the one place that begins transactions")]
pub async fn begin(pool: &PgPool) -> Result<PgTransaction<'static>, sqlx::Error> {
    pool.begin().await
}

/// For wrappers of [`transact`] alone: commits an `Ok`, rolls an `Err` back.
///
/// # Errors
/// The outcome's, or that committing failed.
pub async fn end<T, E: From<sqlx::Error>>(transaction: PgTransaction<'_>, outcome: Result<T, E>) -> Result<T, E> {
    match outcome {
        Ok(_) => transaction.commit().await?,
        Err(_) => {
            if let Err(error) = transaction.rollback().await {
                tracing::warn!(%error, "a transaction is left to the engine to roll back");
            }
        }
    }
    outcome
}

/// The constraint that an error violates, if it is such an error.
pub fn violated_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|error| error.constraint())
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::new("postgres", error)
    }
}
