//! Titles in order, from the hourly roll-up.

use serde::Deserialize;
use stores::{ClickHouse, StoreError};

use super::sql;
use crate::span::Hours;

const NAMES: &str = "(SELECT title_id, argMax(name, sequence) AS name FROM titles GROUP BY title_id) AS names";

/// Sums of a title.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Popular {
    pub title_id: String,
    pub name: String,
    pub views: u64,
    pub unique_viewers: u64,
    pub watched_ms: u64,
}

/// Views of a title in two windows.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Trending {
    pub title_id: String,
    pub name: String,
    pub views: u64,
    pub views_before: u64,
}

/// The titles with the most views.
pub async fn popular(client: &ClickHouse, hours: Hours, most: u16) -> Result<Vec<Popular>, StoreError> {
    let (from, until) = (sql::hour(hours.from), sql::hour(hours.until));
    let query = format!(
        "SELECT counted.title_id AS title_id, names.name AS name, counted.views AS views, \
             counted.unique_viewers AS unique_viewers, counted.watched_ms AS watched_ms \
         FROM (SELECT t.title_id AS title_id, sum(t.views) AS views, uniqExactMerge(t.viewers) AS unique_viewers, \
                 sum(t.watched_ms) AS watched_ms \
             FROM title_hours AS t WHERE t.hour >= {from} AND t.hour < {until} \
             GROUP BY t.title_id HAVING views > 0 ORDER BY views DESC, watched_ms DESC, title_id LIMIT {most}) AS counted \
         LEFT JOIN {NAMES} ON names.title_id = counted.title_id ORDER BY views DESC, watched_ms DESC, title_id"
    );
    Ok(client.query(&query).fetch_all().await?)
}

/// The titles whose views grew most, each thought to have had `prior` views already in both windows.
pub async fn trending(
    client: &ClickHouse,
    (hours, before): (Hours, Hours),
    prior: u64,
    most: u16,
) -> Result<Vec<Trending>, StoreError> {
    let (first, from, until) = (sql::hour(before.from), sql::hour(hours.from), sql::hour(hours.until));
    // Compared as fractions: whole numbers have one order.
    let order = format!("intDiv((views + {prior}) * 1000000, views_before + {prior}) DESC, views DESC, title_id");
    let query = format!(
        "SELECT counted.title_id AS title_id, names.name AS name, counted.views AS views, counted.views_before AS views_before \
         FROM (SELECT t.title_id AS title_id, sumIf(t.views, t.hour >= {from}) AS views, sumIf(t.views, t.hour < {from}) AS views_before \
             FROM title_hours AS t WHERE t.hour >= {first} AND t.hour < {until} \
             GROUP BY t.title_id HAVING views > 0 ORDER BY {order} LIMIT {most}) AS counted \
         LEFT JOIN {NAMES} ON names.title_id = counted.title_id ORDER BY {order}"
    );
    Ok(client.query(&query).fetch_all().await?)
}
