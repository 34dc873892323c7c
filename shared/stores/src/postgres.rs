//! Postgres through a pool of one connection: an environment handles one request at a time.

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgPool, PgTransaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::StoreError;

/// A lazy pool; must be called inside a tokio runtime.
///
/// # Errors
/// When `url` is not a Postgres URL.
pub fn pool(url: &str, connections: u32) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(|error| StoreError::new("postgres", error))?;
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(2))
        // A frozen sandbox outlives its connections; RDS Proxy and NAT drop idle ones after about five minutes.
        .idle_timeout(Duration::from_secs(240))
        .connect_lazy_with(options))
}

/// Commits what has come about, and rolls back what has not. Rolling back is not left to the drop: a sandbox that is frozen after its answer
/// would keep the rows locked.
///
/// # Errors
/// The outcome's, or that committing failed.
pub async fn settle<T, E: From<sqlx::Error>>(transaction: PgTransaction<'_>, outcome: Result<T, E>) -> Result<T, E> {
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
