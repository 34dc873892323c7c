//! The tables of analytics in ClickHouse.

mod erased;

use clickhouse::{RowOwned, RowWrite};
use kernel::TitleId;
use stores::{ClickHouse, StoreError};
use time::{Duration, OffsetDateTime};

pub use erased::Kept;

use crate::{
    hour::Hour,
    row::{PlaybackRow, SampleRow, TitleRow},
    view,
};

/// An insert may touch at most 100 partitions, and one partition is one hour.
const HOURS_AT_ONCE: usize = 48;
/// Rows become visible a little after the time they carry: a run looks this much further back than the last one began.
const OVERLAP: Duration = Duration::minutes(15);
const ROLL_UP: &str = "title_hours";
/// Tables that a run computes in carry its id; a run that died leaves one behind.
const STAGING: &str = "title_hours_staging_";

/// Access to the tables.
#[derive(Clone)]
pub struct Figures(ClickHouse);

/// Totals of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Whether the catalogue has such a title, or somebody watched it.
    pub is_known: bool,
    /// Sessions.
    pub starts: u64,
    /// Views.
    pub views: u64,
    /// Profiles with a view.
    pub unique_viewers: u64,
    /// Played, in milliseconds.
    pub watched_ms: u64,
    /// Completed views.
    pub completed: u64,
}

impl Figures {
    /// With a client of the right database.
    pub fn new(client: ClickHouse) -> Self {
        Self(client)
    }

    /// Writes states of sessions.
    pub async fn add_playback(&self, rows: &[PlaybackRow]) -> Result<(), StoreError> {
        self.add("playback_events", rows).await
    }

    /// Writes samples.
    pub async fn add_samples(&self, rows: &[SampleRow]) -> Result<(), StoreError> {
        self.add("player_samples", rows).await
    }

    /// Writes states of titles.
    pub async fn add_titles(&self, rows: &[TitleRow]) -> Result<(), StoreError> {
        self.add("titles", rows).await
    }

    /// All rows in one block: either all of a partition are there, or none.
    async fn add<T: RowOwned + RowWrite>(&self, table: &str, rows: &[T]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut insert = self.0.insert::<T>(table).await?;
        for row in rows {
            insert.write(row).await?;
        }
        Ok(insert.end().await?)
    }

    /// Hours with rows that came in, or were taken out, since the last complete roll-up began; all hours if there was none.
    pub async fn late_hours(&self) -> Result<Vec<Hour>, StoreError> {
        let hours: Vec<u32> = self
            .0
            .query(
                "SELECT DISTINCT toUInt32(hour) FROM playback_events WHERE ingested_at >= \
                 (SELECT max(began_at) FROM roll_ups WHERE name = ?) - toIntervalSecond(?)",
            )
            .bind(ROLL_UP)
            .bind(OVERLAP.whole_seconds())
            .fetch_all()
            .await?;
        let came = hours.into_iter().map(Hour::from_seconds);
        Ok(came.chain(self.stale_hours().await?).collect())
    }

    /// Notes that a complete roll-up began at that time.
    pub async fn note_roll_up(&self, began_at: OffsetDateTime) -> Result<(), StoreError> {
        let millis = i64::try_from(began_at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let note = "INSERT INTO roll_ups (name, began_at) SELECT ?, fromUnixTimestamp64Milli(?, 'UTC')";
        Ok(self.0.query(note).bind(ROLL_UP).bind(millis).execute().await?)
    }

    /// Computes the hours beside the table and puts each in its place in one step; `run` names the place they are computed in.
    pub async fn roll_up(&self, hours: &[Hour], run: &str) -> Result<(), StoreError> {
        self.drop_leftovers().await?;
        for hours in hours.chunks(HOURS_AT_ONCE) {
            let staging = format!("{STAGING}{run}");
            self.run(&format!("DROP TABLE IF EXISTS {staging}")).await?;
            self.run(&format!("CREATE TABLE {staging} AS {ROLL_UP}")).await?;
            let replaced = self.replace(&staging, hours).await;
            self.run(&format!("DROP TABLE IF EXISTS {staging}")).await?;
            replaced?;
        }
        Ok(())
    }

    async fn replace(&self, staging: &str, hours: &[Hour]) -> Result<(), StoreError> {
        let list =
            hours.iter().map(|hour| format!("toDateTime({}, 'UTC')", hour.seconds())).collect::<Vec<_>>().join(", ");
        let (is_view, is_completed) = (view::is_view_sql(), view::is_completed_sql());
        // One thread over sorted viewers: the bytes of a state depend on the order in which its members came.
        let compute = format!(
            "INSERT INTO {staging} SELECT hour, title_id, count(), countIf({is_view}), uniqExactStateIf(profile_id, {is_view}), \
             sum(watched_ms), countIf({is_completed}) FROM (SELECT * FROM sessions WHERE hour IN ({list}) ORDER BY profile_id) \
             GROUP BY hour, title_id ORDER BY hour, title_id \
             SETTINGS max_threads = 1, query_plan_remove_redundant_sorting = 0"
        );
        self.run(&compute).await?;
        let computed: Vec<u32> =
            self.0.query(&format!("SELECT DISTINCT toUInt32(hour) FROM {staging}")).fetch_all().await?;
        for hour in hours {
            let change = if computed.contains(&hour.seconds()) {
                format!("ALTER TABLE {ROLL_UP} REPLACE PARTITION ID '{}' FROM {staging}", hour.seconds())
            } else {
                format!("ALTER TABLE {ROLL_UP} DROP PARTITION ID '{}'", hour.seconds())
            };
            self.run(&change).await?;
        }
        Ok(())
    }

    /// Removes what runs that died a day ago or earlier left behind.
    async fn drop_leftovers(&self) -> Result<(), StoreError> {
        let find = "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, ?) \
                    AND metadata_modification_time < now() - INTERVAL 1 DAY";
        let leftovers: Vec<String> = self.0.query(find).bind(STAGING).fetch_all().await?;
        for name in leftovers {
            self.run(&format!("DROP TABLE IF EXISTS {name}")).await?;
        }
        Ok(())
    }

    async fn run(&self, statement: &str) -> Result<(), StoreError> {
        Ok(self.0.query(statement).execute().await?)
    }

    /// A title's totals over the hours from `from` (inclusive) until `until` (exclusive).
    pub async fn totals(&self, title: TitleId, from: Option<Hour>, until: Option<Hour>) -> Result<Totals, StoreError> {
        let query = "SELECT assumeNotNull((SELECT count() FROM titles WHERE title_id = ?)), sum(t.starts), sum(t.views), uniqExactMerge(t.viewers), \
                     sum(t.watched_ms), sum(t.completed) FROM title_hours AS t \
                     WHERE t.title_id = ? AND t.hour >= toDateTime(?, 'UTC') AND t.hour < toDateTime(?, 'UTC')";
        let title = title.to_string();
        let from = from.map_or(0, Hour::seconds);
        let until = until.map_or(u32::MAX, Hour::seconds);
        let (listed, starts, views, unique_viewers, watched_ms, completed): (u64, u64, u64, u64, u64, u64) =
            self.0.query(query).bind(&title).bind(&title).bind(from).bind(until).fetch_one().await?;
        Ok(Totals { is_known: listed > 0 || starts > 0, starts, views, unique_viewers, watched_ms, completed })
    }
}
