//! The sessions of one profile.

use kernel::ProfileId;
use serde::Deserialize;
use stores::{ClickHouse, StoreError};

use super::sql;
use crate::{span::Hours, view};

/// Sums of a title for a profile.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct WatchedTitle {
    pub title_id: String,
    pub name: String,
    pub genres: Vec<String>,
    pub views: u64,
    pub completed: u64,
    pub watched_ms: u64,
}

/// Sums of a month for a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct WatchedMonth {
    /// 1 to 12.
    pub month: u8,
    pub views: u64,
    pub watched_ms: u64,
}

fn sessions(hours: Hours) -> String {
    let (from, until) = (sql::hour(hours.from), sql::hour(hours.until));
    format!(
        "(SELECT hour, title_id, session_id, max(watched_ms) AS watched_ms, max(duration_ms) AS duration_ms FROM playback_events \
         WHERE profile_id = ? AND hour >= {from} AND hour < {until} GROUP BY hour, title_id, session_id)"
    )
}

/// Titles, those that were watched longest first.
pub async fn titles(client: &ClickHouse, profile: ProfileId, hours: Hours) -> Result<Vec<WatchedTitle>, StoreError> {
    let (sessions, is_view, is_completed) = (sessions(hours), view::is_view_sql(), view::is_completed_sql());
    let query = format!(
        "SELECT watched.title_id AS title_id, known.name AS name, known.genres AS genres, watched.views AS views, \
             watched.completed AS completed, watched.total_ms AS watched_ms \
         FROM (SELECT title_id, countIf({is_view}) AS views, countIf({is_completed}) AS completed, sum(watched_ms) AS total_ms \
             FROM {sessions} GROUP BY title_id) AS watched \
         LEFT JOIN (SELECT title_id, argMax(name, sequence) AS name, argMax(arrayMap(genre -> toString(genre), genres), sequence) AS genres \
             FROM titles GROUP BY title_id) AS known ON known.title_id = watched.title_id \
         ORDER BY watched_ms DESC, title_id"
    );
    Ok(client.query(&query).bind(profile.to_string()).fetch_all().await?)
}

/// Months in which something began.
pub async fn months(client: &ClickHouse, profile: ProfileId, hours: Hours) -> Result<Vec<WatchedMonth>, StoreError> {
    let (sessions, is_view) = (sessions(hours), view::is_view_sql());
    let query = format!(
        "SELECT toUInt8(toMonth(hour, 'UTC')) AS month, countIf({is_view}) AS views, sum(watched_ms) AS total_ms \
         FROM {sessions} GROUP BY month ORDER BY month"
    );
    let months: Vec<(u8, u64, u64)> = client.query(&query).bind(profile.to_string()).fetch_all().await?;
    Ok(months.into_iter().map(|(month, views, watched_ms)| WatchedMonth { month, views, watched_ms }).collect())
}
