//! Sessions at a moment.

use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use super::sql;
use crate::{hour::Hour, moment::millis, span::Hours};

/// A silent player holds its stream for so long: the lease of the streaming service.
const LEASE_MS: i64 = 90_000;
/// No session lives longer than its token.
const LONGEST_HOURS: u32 = 24;

/// When each session that began in some hours was live, in milliseconds: from its start until it was stopped, or its lease was over after the last
/// sign of life.
fn lives(from: Hour, until: Hour) -> String {
    let (from, until) = (sql::hour(from.earlier(LONGEST_HOURS)), sql::hour(until));
    format!(
        "SELECT toUnixTimestamp64Milli(min(started_at)) AS begins, \
             if(countIf(kind = 'stopped') > 0, toUnixTimestamp64Milli(minIf(at, kind = 'stopped')), \
                 toUnixTimestamp64Milli(maxIf(at, kind != 'expired')) + {LEASE_MS}) AS ends \
         FROM playback_events WHERE hour >= {from} AND hour < {until} GROUP BY session_id"
    )
}

/// Sessions that live at a moment.
pub async fn live_at(client: &ClickHouse, moment: OffsetDateTime) -> Result<u64, StoreError> {
    let hour = Hour::of(moment).unwrap_or(Hour::from_seconds(0));
    let (lives, moment) = (lives(hour, hour.later(1)), millis(moment));
    let query = format!("SELECT countIf(begins <= {moment} AND ends > {moment}) FROM ({lives})");
    Ok(client.query(&query).fetch_one().await?)
}

/// The most sessions that lived at once in some hours, until `now` at the latest, and when they first did.
pub async fn peak(
    client: &ClickHouse,
    hours: Hours,
    now: OffsetDateTime,
) -> Result<(u64, Option<OffsetDateTime>), StoreError> {
    let lives = lives(hours.from, hours.until);
    let from = i64::from(hours.from.seconds()) * 1000;
    let until = (i64::from(hours.until.seconds()) * 1000).min(millis(now));
    // What ends at a moment is gone when something else begins at it: changes are summed up per moment.
    let query = format!(
        "SELECT toInt64(arrayMax(live)), moments[indexOf(live, arrayMax(live))] FROM ( \
             SELECT groupArray(moment) AS moments, arrayCumSum(groupArray(change)) AS live FROM ( \
                 SELECT tupleElement(step, 1) AS moment, sum(tupleElement(step, 2)) AS change FROM ( \
                     SELECT greatest(begins, toInt64({from})) AS begins, least(ends, toInt64({until})) AS ends FROM ({lives}) WHERE begins < ends) \
                 ARRAY JOIN [(begins, toInt64(1)), (ends, toInt64(-1))] AS step \
                 WHERE begins < ends GROUP BY moment ORDER BY moment)) \
         WHERE notEmpty(live)"
    );
    let found: Option<(i64, i64)> = client.query(&query).fetch_optional().await?;
    let Some((peak, moment)) = found else { return Ok((0, None)) };
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment) * 1_000_000);
    Ok((u64::try_from(peak).unwrap_or_default(), moment.ok()))
}
