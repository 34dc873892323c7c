//! Sessions put together with what their players measured.

use serde::Deserialize;
use stores::{ClickHouse, StoreError};

use super::sql;
use crate::span::Hours;

/// No session and no stall lasts longer: what a player claims beyond is cut.
const LONGEST_MS: u64 = 86_400_000;
/// No rendition has more.
const GREATEST_BITRATE: u64 = 1_000_000_000;
/// A player may tell of a session's first hour up to a day later.
const SAMPLES_AFTER_HOURS: u32 = 24;
/// Before the session's first event reached us: clocks of servers differ a little.
const SAMPLES_BEFORE_HOURS: u32 = 1;

/// Sums over the sessions of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Measured {
    pub key: String,
    pub attempts: u64,
    pub plays: u64,
    pub start_failures: u64,
    pub exits_before_start: u64,
    /// Plays that say how long their start took.
    pub startups: u64,
    pub startup_p50: u64,
    pub startup_p95: u64,
    pub playback_failures: u64,
    pub rebuffers: u64,
    pub rebuffer_ms: u64,
    pub played_ms: u64,
    /// Played at a known bit rate.
    pub rated_ms: u64,
    pub mean_bitrate: u64,
}

/// The statement behind the answer, for sessions that began in some hours. `key` is an expression over the columns of a session.
fn statement(hours: Hours, key: &str, most: usize) -> String {
    let (from, until) = (sql::hour(hours.from), sql::hour(hours.until));
    let (first, last) =
        (sql::hour(hours.from.earlier(SAMPLES_BEFORE_HOURS)), sql::hour(hours.until.later(SAMPLES_AFTER_HOURS)));
    let nearest_rank = |percent: u32| {
        format!("arraySort(groupArrayIf(startup_ms, has_startup))[intDiv(startups * {percent} + 99, 100)]")
    };
    let (p50, p95) = (nearest_rank(50), nearest_rank(95));
    format!(
        "WITH \
         attempts AS ( \
             SELECT e.session_id AS session_id, any(e.title_id) AS title_id, any(e.asset_id) AS asset_id, \
                 max(e.territory) AS territory, any(e.hour) AS hour, max(e.watched_ms) AS watched_ms, \
                 maxIf(e.at, e.kind != 'expired') AS last_at \
             FROM playback_events AS e WHERE e.hour >= {from} AND e.hour < {until} GROUP BY e.session_id), \
         samples AS ( \
             SELECT s.session_id AS session_id, s.event_id AS event_id, \
                 tupleElement(argMax((s.kind, s.value, s.at), s.ingested_at) AS newest, 1) AS kind, \
                 tupleElement(newest, 2) AS told, tupleElement(newest, 3) AS at, \
                 toUInt64(least(greatest(round(told * 1000), 0), {LONGEST_MS})) AS ms, \
                 toUInt64(least(greatest(round(told), 0), {GREATEST_BITRATE})) AS bits \
             FROM player_samples AS s WHERE s.hour >= {first} AND s.hour < {last} \
                 AND s.session_id IN (SELECT session_id FROM attempts) \
             GROUP BY s.session_id, s.event_id), \
         told AS ( \
             SELECT session_id, countIf(kind = 'startup') > 0 AS has_startup, \
                 argMinIf(ms, (at, event_id), kind = 'startup') AS startup_ms, countIf(kind = 'start_failure') > 0 AS has_failed, \
                 countIf(kind = 'exit_before_start') > 0 AS has_left, countIf(kind = 'error') > 0 AS has_broken, \
                 countIf(kind = 'rebuffer') AS stalls, sumIf(ms, kind = 'rebuffer') AS stalled_ms \
             FROM samples GROUP BY session_id), \
         marks AS ( \
             SELECT session_id, at, event_id, kind, ms, bits FROM samples \
             UNION ALL SELECT session_id, last_at, '~', 'last', toUInt64(0), toUInt64(0) FROM attempts), \
         stretches AS ( \
             SELECT session_id, \
                 last_value(if(kind = 'bitrate', bits, NULL)) IGNORE NULLS OVER so_far AS rate, \
                 last_value(multiIf(kind IN ('startup', 'resume'), 1, \
                     kind IN ('pause', 'ended', 'exit', 'error', 'last'), 0, NULL)) IGNORE NULLS OVER so_far AS moves, \
                 toInt64(dateDiff('millisecond', at, leadInFrame(at, 1, at) OVER whole)) \
                     - toInt64(leadInFrame(if(kind = 'rebuffer', ms, toUInt64(0)), 1, toUInt64(0)) OVER whole) AS ms \
             FROM marks \
             WINDOW so_far AS (PARTITION BY session_id ORDER BY at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), \
                 whole AS (PARTITION BY session_id ORDER BY at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)), \
         rates AS ( \
             SELECT session_id, sum(toUInt64(ms)) AS rated, sum(toUInt128(assumeNotNull(rate)) * toUInt64(ms)) AS bits \
             FROM stretches WHERE ms > 0 AND isNotNull(rate) AND ifNull(moves, 1) = 1 GROUP BY session_id), \
         facts AS ( \
             SELECT title_id, asset_id, territory, hour, watched_ms, has_startup, startup_ms, has_failed, has_left, has_broken, \
                 stalls, stalled_ms, rates.rated AS rated, rates.bits AS bits, \
                 has_startup OR watched_ms > 0 AS has_played, NOT has_played AND has_failed AS has_not_started \
             FROM attempts LEFT JOIN told ON told.session_id = attempts.session_id \
                 LEFT JOIN rates ON rates.session_id = attempts.session_id) \
         SELECT {key} AS key, count() AS attempts, countIf(has_played) AS plays, countIf(has_not_started) AS start_failures, \
             countIf(NOT has_played AND NOT has_failed AND has_left) AS exits_before_start, \
             countIf(has_startup) AS startups, {p50} AS startup_p50, {p95} AS startup_p95, \
             countIf(has_played AND has_broken) AS playback_failures, sumIf(stalls, has_played) AS rebuffers, \
             sumIf(stalled_ms, has_played) AS rebuffer_ms, sumIf(watched_ms, has_played) AS played_ms, sum(rated) AS rated_ms, \
             toUInt64(if(rated_ms = 0, 0, intDiv(sum(facts.bits), greatest(rated_ms, 1)))) AS mean_bitrate \
         FROM facts GROUP BY key ORDER BY attempts DESC, key LIMIT {most}"
    )
}

/// The groups with the most attempts, at most `most`. `key` is an expression over the columns of a session.
pub async fn measure(client: &ClickHouse, hours: Hours, key: &str, most: usize) -> Result<Vec<Measured>, StoreError> {
    Ok(client.query(&statement(hours, key, most)).fetch_all().await?)
}
