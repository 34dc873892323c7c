//! What each session played of a title.

use kernel::TitleId;
use serde::Deserialize;
use stores::{ClickHouse, StoreError};

use super::sql;
use crate::{hour::Hour, span::Span};

/// Sessions that played something of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Watched {
    /// From 0.
    pub part: u64,
    pub sessions: u64,
}

/// Parts that were played, in order, and how many sessions played any.
///
/// Between two states of a session the watched time grows by what was played, which ends at the later position: a jump in between plays nothing.
pub async fn watched(
    client: &ClickHouse,
    title: TitleId,
    span: Span,
    part_seconds: u32,
) -> Result<(u64, Vec<Watched>), StoreError> {
    let from = span.from.map_or_else(|| sql::hour(Hour::from_seconds(0)), sql::hour);
    let until = span.until.map_or_else(|| sql::hour(Hour::from_seconds(u32::MAX)), sql::hour);
    let part_ms = u64::from(part_seconds) * 1000;
    let stretches = format!(
        "SELECT session_id, ends, toInt64(ends) - toInt64(watched) + toInt64(lagInFrame(watched, 1, toUInt64(0)) OVER \
             (PARTITION BY session_id ORDER BY sequence ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) AS begins \
         FROM (SELECT session_id, sequence, max(position_ms) AS ends, max(watched_ms) AS watched FROM playback_events \
             WHERE title_id = ? AND hour >= {from} AND hour < {until} GROUP BY session_id, sequence)"
    );
    let parts = format!(
        "SELECT toUInt64(arrayJoin(range(intDiv(greatest(begins, 0), {part_ms}), intDiv(ends - 1, {part_ms}) + 1))) AS part, \
         uniqExact(session_id) AS sessions FROM ({stretches}) WHERE ends > 0 AND begins < toInt64(ends) GROUP BY part ORDER BY part"
    );
    let sessions = format!("SELECT uniqExact(session_id) FROM ({stretches}) WHERE ends > 0 AND begins < toInt64(ends)");
    let title = title.to_string();
    let sessions = async { Ok::<u64, StoreError>(client.query(&sessions).bind(&title).fetch_one().await?) };
    let parts = async { Ok::<Vec<Watched>, StoreError>(client.query(&parts).bind(&title).fetch_all().await?) };
    futures::try_join!(sessions, parts)
}
