//! What players told lately, and which alerts are on.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use super::{insert, sql};
use crate::moment::millis;

/// Sessions by what was told of them in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Heard {
    /// Whose start ended well or badly.
    pub starts: u64,
    pub start_failures: u64,
    /// Of whom anything was told.
    pub sessions: u64,
    pub failures: u64,
    pub stalled: u64,
}

/// A row of `alerts`.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Serialize, Deserialize)]
pub struct Alert {
    pub objective: String,
    pub is_firing: bool,
    /// Milliseconds since 1970.
    pub since: i64,
    pub evaluated_at: i64,
}

/// What was told in the window before `now`, by the times of the samples.
pub async fn heard(client: &ClickHouse, now: OffsetDateTime, window: Duration) -> Result<Heard, StoreError> {
    let (from, until) = (sql::moment(millis(now - window)), sql::moment(millis(now)));
    let query = format!(
        "SELECT uniqExactIf(session_id, kind IN ('startup', 'start_failure')) AS starts, \
             uniqExactIf(session_id, kind = 'start_failure') AS start_failures, uniqExact(session_id) AS sessions, \
             uniqExactIf(session_id, kind = 'error') AS failures, uniqExactIf(session_id, kind = 'rebuffer') AS stalled \
         FROM player_samples WHERE hour >= toStartOfHour({from}) AND at > {from} AND at <= {until}"
    );
    Ok(client.query(&query).fetch_one().await?)
}

/// The newest state of every alert.
pub async fn states(client: &ClickHouse) -> Result<Vec<Alert>, StoreError> {
    Ok(client.query("SELECT ?fields FROM alerts FINAL").fetch_all().await?)
}

/// Writes states.
pub async fn put(client: &ClickHouse, alerts: &[Alert]) -> Result<(), StoreError> {
    insert(client, "alerts", alerts).await
}
