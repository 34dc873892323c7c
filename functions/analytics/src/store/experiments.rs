//! What became of the profiles that an experiment's variants served.

use serde::Deserialize;
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use super::sql;
use crate::moment::millis;

/// Days from the first exposure on that count.
pub const DAYS: u8 = 7;

/// Sums over the profiles of a variant.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Outcomes {
    pub name: String,
    pub is_the_control: bool,
    /// Profiles whose days are not over.
    pub pending: u64,
    /// The others; all that follows is of them.
    pub profiles: u64,
    pub converted: u64,
    pub watched_ms: u64,
    /// Of each profile's milliseconds.
    pub sum_of_squares: u128,
}

/// The statement behind [`outcomes`]. A profile belongs to the variant of its first exposure, a session to the moment in which it began.
fn statement(now: OffsetDateTime) -> String {
    let now = sql::moment(millis(now));
    format!(
        "WITH exposed AS ( \
             SELECT profile_id, min(exposed_at) AS since, \
                 argMin((toString(variant), is_control), (exposed_at, event_id)) AS first, \
                 tupleElement(first, 1) AS name, tupleElement(first, 2) AS is_of_control \
             FROM exposures WHERE experiment = ? GROUP BY profile_id), \
         played AS ( \
             SELECT e.profile_id AS profile_id, e.session_id AS session_id, min(e.started_at) AS began_at, \
                 max(e.watched_ms) AS ms \
             FROM playback_events AS e WHERE e.profile_id IN (SELECT profile_id FROM exposed) \
                 AND e.hour >= (SELECT toStartOfHour(min(since)) FROM exposed) \
                 AND e.hour < (SELECT max(since) + toIntervalDay({DAYS}) FROM exposed) \
             GROUP BY e.profile_id, e.session_id), \
         profiles AS ( \
             SELECT exposed.name AS name, exposed.is_of_control AS is_of_control, \
                 exposed.since + toIntervalDay({DAYS}) <= {now} AS is_over, \
                 countIf(played.began_at >= exposed.since AND played.began_at < exposed.since + toIntervalDay({DAYS})) AS sessions, \
                 sumIf(played.ms, played.began_at >= exposed.since AND played.began_at < exposed.since + toIntervalDay({DAYS})) AS ms \
             FROM exposed LEFT JOIN played ON played.profile_id = exposed.profile_id \
             GROUP BY exposed.profile_id, exposed.name, exposed.is_of_control, exposed.since) \
         SELECT name, toBool(max(is_of_control)) AS is_the_control, countIf(NOT is_over) AS pending, \
             countIf(is_over) AS profiles, countIf(is_over AND sessions > 0) AS converted, \
             sumIf(ms, is_over) AS watched_ms, toUInt128(sumIf(toUInt128(ms) * ms, is_over)) AS sum_of_squares \
         FROM profiles GROUP BY name ORDER BY is_the_control DESC, name"
    )
}

/// What became of each variant's profiles until a moment, the control first; none where nobody was served.
pub async fn outcomes(client: &ClickHouse, experiment: &str, now: OffsetDateTime) -> Result<Vec<Outcomes>, StoreError> {
    Ok(client.query(&statement(now)).bind(experiment).fetch_all().await?)
}
