//! Watched time by whoever is paid for it.

use serde::Deserialize;
use stores::{ClickHouse, StoreError};

use super::sql;
use crate::{moment::millis, month::Month};

/// Watched time of a holder's titles.
#[derive(Debug, Clone, Default, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct Watched {
    /// Empty: titles that name nobody.
    pub rights_holder: String,
    pub watched_ms: u64,
}

/// The statement behind [`watched`]: sessions that began in the month, each by its last state, with those that were erased since; titles by the
/// holder that the month ended with. A session that is being erased is in both tables for a while, and counts once.
pub fn watched_statement(month: Month) -> String {
    let hours = month.hours();
    let (from, until, ends) = (sql::hour(hours.from), sql::hour(hours.until), sql::moment(millis(month.ends())));
    format!(
        "SELECT holders.rights_holder AS rights_holder, sum(played.ms) AS watched_ms FROM ( \
         SELECT title_id, max(ms) AS ms FROM ( \
         SELECT title_id, lower(hex(SHA256(session_id))) AS session, max(watched_ms) AS ms FROM playback_events \
         WHERE hour >= {from} AND hour < {until} GROUP BY title_id, session_id \
         UNION ALL SELECT title_id, session_digest AS session, watched_ms AS ms FROM erased_watch_time WHERE month = {from}) \
         GROUP BY title_id, session) AS played \
         LEFT JOIN (SELECT title_id, argMax(rights_holder, sequence) AS rights_holder FROM title_holders WHERE at < {ends} \
         GROUP BY title_id) AS holders ON holders.title_id = played.title_id \
         GROUP BY rights_holder HAVING watched_ms > 0 ORDER BY rights_holder"
    )
}

/// Watched time of a month by holder.
pub async fn watched(client: &ClickHouse, month: Month) -> Result<Vec<Watched>, StoreError> {
    Ok(client.query(&watched_statement(month)).fetch_all().await?)
}
