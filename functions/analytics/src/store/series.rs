//! A title's figures by hour or day.

use kernel::TitleId;
use serde::Deserialize;
use stores::{ClickHouse, StoreError};

use super::sql;
use crate::span::Hours;

/// A figure of an hour or a day, by its first second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Point {
    pub at: u32,
    pub value: u64,
}

/// A roll-up to read: its table and what names a row's time in it.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    pub table: &'static str,
    pub column: &'static str,
}

/// Points at which something was counted, oldest first. `figure` is an expression over a row of a roll-up.
pub async fn points(
    client: &ClickHouse,
    title: TitleId,
    source: Source,
    figure: &str,
    hours: Hours,
) -> Result<Vec<Point>, StoreError> {
    let Source { table, column } = source;
    let (from, until) = (sql::hour(hours.from), sql::hour(hours.until));
    let query = format!(
        "SELECT toUInt32({column}) AS at, toUInt64({figure}) AS value FROM {table} \
         WHERE title_id = ? AND {column} >= {from} AND {column} < {until} ORDER BY at"
    );
    Ok(client.query(&query).bind(title.to_string()).fetch_all().await?)
}
