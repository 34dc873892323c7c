//! Rows that are taken out, and the tombstones that keep them out.
//!
//! ClickHouse has no transactions. A tombstone is written before rows are deleted, and rows are looked at after they were written: whichever comes
//! first, the row is gone in the end.

use std::collections::BTreeSet;

use kernel::{EventId, ProfileId, tombstone};
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use super::{
    execute, insert,
    title_hours::{DAYS, HOURS},
};
use crate::{
    forgotten::{Forgotten, Tombstone, Tombstones},
    hour::{self, Hour},
    moment::millis,
    row::{ExposureRow, PlaybackRow},
};

/// The tombstones of some profiles.
pub async fn tombstones(
    client: &ClickHouse,
    profiles: impl IntoIterator<Item = ProfileId>,
) -> Result<Tombstones, StoreError> {
    let digests: BTreeSet<String> = profiles.into_iter().map(tombstone).collect();
    if digests.is_empty() {
        return Ok(Tombstones::default());
    }
    let digests: Vec<String> = digests.into_iter().collect();
    let tombstones: Vec<Tombstone> =
        client.query("SELECT ?fields FROM erased WHERE has(?, profile_digest)").bind(digests).fetch_all().await?;
    Ok(tombstones.into_iter().collect())
}

/// For each row what forbids it.
pub async fn forbidden(client: &ClickHouse, rows: &[PlaybackRow]) -> Result<Vec<Option<Forgotten>>, StoreError> {
    let tombstones = tombstones(client, rows.iter().map(|row| row.profile_id)).await?;
    Ok(rows.iter().map(|row| tombstones.forbids(row.profile_id, row.title_id, row.started_at)).collect())
}

/// The same of exposures.
pub async fn forbidden_exposures(
    client: &ClickHouse,
    rows: &[ExposureRow],
) -> Result<Vec<Option<Forgotten>>, StoreError> {
    let tombstones = tombstones(client, rows.iter().map(|row| row.profile_id)).await?;
    Ok(rows.iter().map(|row| tombstones.forbids_whatever(row.profile_id, row.exposed_at)).collect())
}

/// Forgets, and computes the hours again that it was in. How many events were removed.
pub async fn forget(
    client: &ClickHouse,
    forgotten: &Forgotten,
    now: OffsetDateTime,
    run: EventId,
) -> Result<u64, StoreError> {
    if forgotten.is_nobody() {
        return Ok(0);
    }
    insert(client, "erased", &forgotten.tombstones()).await?;
    let records = take_out(client, forgotten, now).await?;
    // Those of an earlier try that died half way as well.
    let hours = HOURS.stale_hours(client).await?;
    HOURS.run(client, &hours, run).await?;
    let today = Hour::of(now).unwrap_or(Hour::from_seconds(0));
    let days = hour::whole_days(today, DAYS.stale_hours(client).await?);
    DAYS.run(client, &days.into_iter().collect::<Vec<_>>(), run).await?;
    Ok(records)
}

/// Deletes rows and notes their hours; the roll-up follows.
pub async fn take_out(client: &ClickHouse, forgotten: &Forgotten, now: OffsetDateTime) -> Result<u64, StoreError> {
    let exposures = take_out_exposures(client, forgotten).await?;
    Ok(exposures + take_out_sessions(client, forgotten, now).await?)
}

async fn take_out_exposures(client: &ClickHouse, forgotten: &Forgotten) -> Result<u64, StoreError> {
    let Some(rows) = forgotten.exposures_sql() else { return Ok(0) };
    let records: u64 =
        client.query(&format!("SELECT uniqExact(event_id) FROM exposures WHERE {rows}")).fetch_one().await?;
    if records > 0 {
        execute(client, &format!("ALTER TABLE exposures DELETE WHERE {rows} SETTINGS mutations_sync = 1")).await?;
    }
    Ok(records)
}

async fn take_out_sessions(client: &ClickHouse, forgotten: &Forgotten, now: OffsetDateTime) -> Result<u64, StoreError> {
    let rows = forgotten.sql();
    let records: u64 =
        client.query(&format!("SELECT uniqExact(event_id) FROM playback_events WHERE {rows}")).fetch_one().await?;
    if records == 0 {
        return Ok(0);
    }
    let noted_at = millis(now);
    let note = format!(
        "INSERT INTO stale_hours (hour, noted_at) SELECT DISTINCT hour, fromUnixTimestamp64Milli(toInt64({noted_at}), 'UTC') \
         FROM playback_events WHERE {rows}"
    );
    execute(client, &note).await?;
    let keep = format!(
        "INSERT INTO erased_watch_time (month, title_id, session_digest, watched_ms) \
         SELECT toDateTime(toStartOfMonth(any(hour)), 'UTC'), any(title_id), lower(hex(SHA256(session_id))), max(watched_ms) \
         FROM playback_events WHERE {rows} GROUP BY session_id"
    );
    execute(client, &keep).await?;
    // Rewrites the parts: a lightweight delete would only hide the rows.
    execute(client, &format!("ALTER TABLE playback_events DELETE WHERE {rows} SETTINGS mutations_sync = 1")).await?;
    Ok(records)
}
