//! Rows that are taken out, and the marks that keep them out.
//!
//! ClickHouse has no transactions. A mark is written before rows are deleted, and rows are looked at after they were written: whichever comes
//! first, the row is gone in the end.

use std::collections::BTreeSet;

use kernel::{ProfileId, tombstone};
use stores::StoreError;
use time::OffsetDateTime;

use super::{Figures, OVERLAP, ROLL_UP};
use crate::{
    forgotten::{Forgotten, Mark, Marks},
    hour::Hour,
    row::PlaybackRow,
};

/// What is kept of one session, for the person.
pub type Kept = (String, String, String, String, String, String, u64, u64);

impl Figures {
    /// The marks of some profiles.
    pub async fn marks(&self, profiles: impl IntoIterator<Item = ProfileId>) -> Result<Marks, StoreError> {
        let digests: BTreeSet<String> = profiles.into_iter().map(tombstone).collect();
        if digests.is_empty() {
            return Ok(Marks::default());
        }
        let digests: Vec<String> = digests.into_iter().collect();
        let marks: Vec<Mark> =
            self.0.query("SELECT ?fields FROM erased WHERE has(?, profile_digest)").bind(digests).fetch_all().await?;
        Ok(marks.into_iter().collect())
    }

    /// For each row what forbids it.
    pub async fn forbidden(&self, rows: &[PlaybackRow]) -> Result<Vec<Option<Forgotten>>, StoreError> {
        let marks = self.marks(rows.iter().filter_map(|row| row.profile().parse().ok())).await?;
        Ok(rows.iter().map(|row| marks.forbids(row.profile(), row.title(), row.started_at())).collect())
    }

    /// Forgets, and computes the hours again that it was in. How many events were removed.
    pub async fn forget(&self, forgotten: &Forgotten, now: OffsetDateTime, run: &str) -> Result<u64, StoreError> {
        if forgotten.is_nobody() {
            return Ok(0);
        }
        self.add("erased", &forgotten.marks()).await?;
        let records = self.take_out(forgotten, now).await?;
        // Those of an earlier try that died half way as well.
        let hours = self.stale_hours().await?;
        self.roll_up(&hours, run).await?;
        Ok(records)
    }

    /// Deletes rows and notes their hours; the roll-up follows.
    pub async fn take_out(&self, forgotten: &Forgotten, now: OffsetDateTime) -> Result<u64, StoreError> {
        let rows = forgotten.sql();
        let records: u64 =
            self.0.query(&format!("SELECT uniqExact(event_id) FROM playback_events WHERE {rows}")).fetch_one().await?;
        if records == 0 {
            return Ok(0);
        }
        let millis = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let note = format!(
            "INSERT INTO stale_hours (hour, noted_at) SELECT DISTINCT hour, fromUnixTimestamp64Milli(toInt64({millis}), 'UTC') \
             FROM playback_events WHERE {rows}"
        );
        self.run(&note).await?;
        // Rewrites the parts: a lightweight delete would only hide the rows.
        self.run(&format!("ALTER TABLE playback_events DELETE WHERE {rows} SETTINGS mutations_sync = 1")).await?;
        Ok(records)
    }

    /// Hours that rows were taken out of since the last complete roll-up began.
    pub async fn stale_hours(&self) -> Result<Vec<Hour>, StoreError> {
        let hours: Vec<u32> = self
            .0
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

    /// The sessions of some profiles: session, profile, title, device, territory, start, milliseconds watched, and of how many.
    pub async fn sessions_of(&self, profiles: &[ProfileId]) -> Result<Vec<Kept>, StoreError> {
        let query = "SELECT session_id, max(profile_id), any(title_id), any(device_id), any(territory), \
                     toString(min(started_at)), max(watched_ms), max(duration_ms) FROM playback_events \
                     WHERE has(?, profile_id) GROUP BY session_id ORDER BY min(started_at), session_id";
        let profiles: Vec<String> = profiles.iter().map(ToString::to_string).collect();
        Ok(self.0.query(query).bind(profiles).fetch_all().await?)
    }
}
