//! The hourly roll-up per title: computed beside the table, each hour put in its place in one step.

use kernel::{EventId, TitleId};
use stores::{ClickHouse, StoreError};
use time::{Duration, OffsetDateTime};

use super::execute;
use crate::{hour::Hour, view};

/// An insert may touch at most 100 partitions, and one partition is one hour.
const HOURS_AT_ONCE: usize = 48;
/// Rows become visible a little after the time they carry: a run looks this much further back than the last one began.
const OVERLAP: Duration = Duration::minutes(15);
const ROLL_UP: &str = "title_hours";
/// Tables that a run computes in carry its id; a run that died leaves one behind.
const STAGING: &str = "title_hours_staging_";

/// Totals of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Whether the catalogue has such a title, or somebody watched it.
    pub is_known: bool,
    pub starts: u64,
    pub views: u64,
    /// Profiles with a view.
    pub unique_viewers: u64,
    pub watched_ms: u64,
    /// Views.
    pub completed: u64,
}

/// Hours with rows that came in, or were taken out, since the last complete roll-up began; all hours if there was none.
pub async fn late_hours(client: &ClickHouse) -> Result<Vec<Hour>, StoreError> {
    let hours: Vec<u32> = client
        .query(
            "SELECT DISTINCT toUInt32(hour) FROM playback_events WHERE ingested_at >= \
             (SELECT max(began_at) FROM roll_ups WHERE name = ?) - toIntervalSecond(?)",
        )
        .bind(ROLL_UP)
        .bind(OVERLAP.whole_seconds())
        .fetch_all()
        .await?;
    let came = hours.into_iter().map(Hour::from_seconds);
    Ok(came.chain(stale_hours(client).await?).collect())
}

/// Hours that rows were taken out of since the last complete roll-up began.
pub async fn stale_hours(client: &ClickHouse) -> Result<Vec<Hour>, StoreError> {
    let hours: Vec<u32> = client
        .query(
            "SELECT DISTINCT toUInt32(hour) FROM stale_hours WHERE noted_at >= \
             (SELECT max(began_at) FROM roll_ups WHERE name = ?) - toIntervalSecond(?)",
        )
        .bind(ROLL_UP)
        .bind(OVERLAP.whole_seconds())
        .fetch_all()
        .await?;
    Ok(hours.into_iter().map(Hour::from_seconds).collect())
}

/// Notes that a complete roll-up began at that time.
pub async fn note_roll_up(client: &ClickHouse, began_at: OffsetDateTime) -> Result<(), StoreError> {
    let millis = i64::try_from(began_at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let note = "INSERT INTO roll_ups (name, began_at) SELECT ?, fromUnixTimestamp64Milli(?, 'UTC')";
    Ok(client.query(note).bind(ROLL_UP).bind(millis).execute().await?)
}

/// Computes the hours beside the table and puts each in its place in one step; `run` names the place they are computed in.
pub async fn roll_up(client: &ClickHouse, hours: &[Hour], run: EventId) -> Result<(), StoreError> {
    drop_leftovers(client).await?;
    for hours in hours.chunks(HOURS_AT_ONCE) {
        let staging = format!("{STAGING}{run}");
        execute(client, &format!("DROP TABLE IF EXISTS {staging}")).await?;
        execute(client, &format!("CREATE TABLE {staging} AS {ROLL_UP}")).await?;
        let replaced = replace(client, &staging, hours).await;
        execute(client, &format!("DROP TABLE IF EXISTS {staging}")).await?;
        replaced?;
    }
    Ok(())
}

async fn replace(client: &ClickHouse, staging: &str, hours: &[Hour]) -> Result<(), StoreError> {
    let list = hours.iter().map(|hour| format!("toDateTime({}, 'UTC')", hour.seconds())).collect::<Vec<_>>().join(", ");
    let (is_view, is_completed) = (view::is_view_sql(), view::is_completed_sql());
    // One thread over sorted viewers: the bytes of a state depend on the order in which its members came.
    let compute = format!(
        "INSERT INTO {staging} SELECT hour, title_id, count(), countIf({is_view}), uniqExactStateIf(profile_id, {is_view}), \
         sum(watched_ms), countIf({is_completed}) FROM (SELECT * FROM sessions WHERE hour IN ({list}) ORDER BY profile_id) \
         GROUP BY hour, title_id ORDER BY hour, title_id \
         SETTINGS max_threads = 1, query_plan_remove_redundant_sorting = 0"
    );
    execute(client, &compute).await?;
    let computed: Vec<u32> =
        client.query(&format!("SELECT DISTINCT toUInt32(hour) FROM {staging}")).fetch_all().await?;
    for hour in hours {
        let change = if computed.contains(&hour.seconds()) {
            format!("ALTER TABLE {ROLL_UP} REPLACE PARTITION ID '{}' FROM {staging}", hour.seconds())
        } else {
            format!("ALTER TABLE {ROLL_UP} DROP PARTITION ID '{}'", hour.seconds())
        };
        execute(client, &change).await?;
    }
    Ok(())
}

/// Removes what runs that died a day ago or earlier left behind.
async fn drop_leftovers(client: &ClickHouse) -> Result<(), StoreError> {
    let find = "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, ?) \
                AND metadata_modification_time < now() - INTERVAL 1 DAY";
    let leftovers: Vec<String> = client.query(find).bind(STAGING).fetch_all().await?;
    for name in leftovers {
        execute(client, &format!("DROP TABLE IF EXISTS {name}")).await?;
    }
    Ok(())
}

/// A title's totals over the hours from `from` (inclusive) until `until` (exclusive).
pub async fn totals(
    client: &ClickHouse,
    title: TitleId,
    from: Option<Hour>,
    until: Option<Hour>,
) -> Result<Totals, StoreError> {
    let query = "SELECT assumeNotNull((SELECT count() FROM titles WHERE title_id = ?)), sum(t.starts), sum(t.views), uniqExactMerge(t.viewers), \
                 sum(t.watched_ms), sum(t.completed) FROM title_hours AS t \
                 WHERE t.title_id = ? AND t.hour >= toDateTime(?, 'UTC') AND t.hour < toDateTime(?, 'UTC')";
    let title = title.to_string();
    let from = from.map_or(0, Hour::seconds);
    let until = until.map_or(u32::MAX, Hour::seconds);
    let (listed, starts, views, unique_viewers, watched_ms, completed): (u64, u64, u64, u64, u64, u64) =
        client.query(query).bind(&title).bind(&title).bind(from).bind(until).fetch_one().await?;
    Ok(Totals { is_known: listed > 0 || starts > 0, starts, views, unique_viewers, watched_ms, completed })
}
