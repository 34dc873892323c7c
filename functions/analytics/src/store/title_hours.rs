//! The roll-ups per title, hourly and daily: computed beside the table, each partition put in its place in one step.

use kernel::{EventId, TitleId};
use stores::{ClickHouse, StoreError};
use time::{Duration, OffsetDateTime};

use super::{execute, sql};
use crate::{hour::Hour, moment::millis, span::Hours, view};

/// An insert may touch at most 100 partitions.
const PARTITIONS_AT_ONCE: usize = 48;
/// Rows become visible a little after the time they carry: a run looks this much further back than the last one began.
const OVERLAP: Duration = Duration::minutes(15);
/// Tables that a run computes in carry its id; a run that died leaves one behind.
const STAGING: &str = "_staging_";

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

/// A roll-up per title.
#[derive(Debug, Clone, Copy)]
pub struct RollUp {
    table: &'static str,
    /// What a partition is, over the columns of the view `sessions`.
    partition: &'static str,
}

/// A partition is an hour.
pub const HOURS: RollUp = RollUp { table: "title_hours", partition: "hour" };
/// A partition is a day, named by its first hour.
pub const DAYS: RollUp = RollUp { table: "title_days", partition: "toStartOfDay(hour, 'UTC')" };

impl RollUp {
    /// Hours with rows that came in, or were taken out, since the last complete run began; all hours if there was none.
    pub async fn late_hours(self, client: &ClickHouse) -> Result<Vec<Hour>, StoreError> {
        let came = self.hours_since(client, "playback_events", "ingested_at").await?;
        Ok(came.into_iter().chain(self.stale_hours(client).await?).collect())
    }

    /// Hours that rows were taken out of since the last complete run began.
    pub async fn stale_hours(self, client: &ClickHouse) -> Result<Vec<Hour>, StoreError> {
        self.hours_since(client, "stale_hours", "noted_at").await
    }

    async fn hours_since(self, client: &ClickHouse, table: &str, column: &str) -> Result<Vec<Hour>, StoreError> {
        let query = format!(
            "SELECT DISTINCT toUInt32(hour) FROM {table} WHERE {column} >= \
             (SELECT max(began_at) FROM roll_ups WHERE name = ?) - toIntervalSecond(?)"
        );
        let query = client.query(&query).bind(self.table).bind(OVERLAP.whole_seconds());
        let hours: Vec<u32> = query.fetch_all().await?;
        Ok(hours.into_iter().map(Hour::from_seconds).collect())
    }

    /// Notes that a complete run began at that time.
    pub async fn note(self, client: &ClickHouse, began_at: OffsetDateTime) -> Result<(), StoreError> {
        let note = "INSERT INTO roll_ups (name, began_at) SELECT ?, fromUnixTimestamp64Milli(?, 'UTC')";
        Ok(client.query(note).bind(self.table).bind(millis(began_at)).execute().await?)
    }

    /// Computes partitions beside the table and puts each in its place in one step; `run` names the place they are computed in.
    pub async fn run(self, client: &ClickHouse, partitions: &[Hour], run: EventId) -> Result<(), StoreError> {
        self.drop_leftovers(client).await?;
        for partitions in partitions.chunks(PARTITIONS_AT_ONCE) {
            let staging = format!("{}{STAGING}{run}", self.table);
            execute(client, &format!("DROP TABLE IF EXISTS {staging}")).await?;
            execute(client, &format!("CREATE TABLE {staging} AS {}", self.table)).await?;
            let replaced = self.replace(client, &staging, partitions).await;
            execute(client, &format!("DROP TABLE IF EXISTS {staging}")).await?;
            replaced?;
        }
        Ok(())
    }

    async fn replace(self, client: &ClickHouse, staging: &str, partitions: &[Hour]) -> Result<(), StoreError> {
        let Self { table, partition } = self;
        let list: Vec<String> = partitions.iter().map(|begins| sql::hour(*begins)).collect();
        let list = list.join(", ");
        let (is_view, is_completed) = (view::is_view_sql(), view::is_completed_sql());
        // One thread over sorted viewers: the bytes of a state depend on the order in which its members came.
        let compute = format!(
            "INSERT INTO {staging} SELECT {partition} AS begins, title_id, count(), countIf({is_view}), \
             uniqExactStateIf(profile_id, {is_view}), sum(watched_ms), countIf({is_completed}) \
             FROM (SELECT * FROM sessions WHERE {partition} IN ({list}) ORDER BY profile_id) \
             GROUP BY begins, title_id ORDER BY begins, title_id \
             SETTINGS max_threads = 1, query_plan_remove_redundant_sorting = 0"
        );
        execute(client, &compute).await?;
        let computed = format!("SELECT DISTINCT _partition_id FROM {staging}");
        let computed: Vec<String> = client.query(&computed).fetch_all().await?;
        for begins in partitions {
            let id = begins.seconds().to_string();
            let change = if computed.contains(&id) {
                format!("ALTER TABLE {table} REPLACE PARTITION ID '{id}' FROM {staging}")
            } else {
                format!("ALTER TABLE {table} DROP PARTITION ID '{id}'")
            };
            execute(client, &change).await?;
        }
        Ok(())
    }

    /// Removes what runs that died a day ago or earlier left behind.
    async fn drop_leftovers(self, client: &ClickHouse) -> Result<(), StoreError> {
        let find = "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, ?) \
                    AND metadata_modification_time < now() - INTERVAL 1 DAY";
        let prefix = format!("{}{STAGING}", self.table);
        let leftovers: Vec<String> = client.query(find).bind(prefix).fetch_all().await?;
        for name in leftovers {
            execute(client, &format!("DROP TABLE IF EXISTS {name}")).await?;
        }
        Ok(())
    }
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

/// Sums over the same hour of every week.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, serde::Deserialize)]
pub struct HourOfWeek {
    /// 1 is Monday.
    pub weekday: u8,
    /// 0 to 23, UTC.
    pub hour_of_day: u8,
    pub starts: u64,
    pub views: u64,
    pub watched_ms: u64,
}

/// All titles by hour of the week; hours in which nothing began are left out.
pub async fn by_hour_of_week(client: &ClickHouse, hours: Hours) -> Result<Vec<HourOfWeek>, StoreError> {
    let query = format!(
        "SELECT toDayOfWeek(t.hour, 0, 'UTC') AS weekday, toUInt8(toHour(t.hour, 'UTC')) AS hour_of_day, sum(t.starts) AS starts, \
         sum(t.views) AS views, sum(t.watched_ms) AS watched_ms FROM title_hours AS t WHERE t.hour >= {} AND t.hour < {} \
         GROUP BY weekday, hour_of_day ORDER BY weekday, hour_of_day",
        sql::hour(hours.from),
        sql::hour(hours.until)
    );
    Ok(client.query(&query).fetch_all().await?)
}

/// Whether the catalogue has such a title, or somebody watched it.
pub async fn is_known(client: &ClickHouse, title: TitleId) -> Result<bool, StoreError> {
    let query = "SELECT assumeNotNull((SELECT count() FROM titles WHERE title_id = ?)) \
                 + assumeNotNull((SELECT count() FROM title_hours WHERE title_id = ?))";
    let title = title.to_string();
    let found: u64 = client.query(query).bind(&title).bind(&title).fetch_one().await?;
    Ok(found > 0)
}
