//! What was received.

use kernel::ProfileId;
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use super::{erased, insert};
use crate::{
    money::{PaymentRow, SubscriptionRow},
    row::{ExposureRow, HolderRow, PlaybackRow, SampleRow, TitleRow},
};

/// What is kept of one session, for the person: session, profile, title, device, territory, start, milliseconds watched, and of how many.
pub type KeptSession = (String, String, String, String, String, String, u64, u64);
/// What is kept of one exposure, for the person: profile, experiment, variant, time.
pub type KeptExposure = (String, String, String, String);

/// Writes states of sessions that were not erased. Looks at all of them once more afterwards: an erasure may have passed between the first look and
/// the writing, here or in an earlier try that died before it could look again.
pub async fn add_playback(client: &ClickHouse, rows: &[PlaybackRow], now: OffsetDateTime) -> Result<(), StoreError> {
    let forbidden = erased::forbidden(client, rows).await?;
    let allowed = rows.iter().zip(forbidden).filter(|(_, forgotten)| forgotten.is_none());
    let allowed: Vec<PlaybackRow> = allowed.map(|(row, _)| row.clone()).collect();
    insert(client, "playback_events", &allowed).await?;
    let mut taken_out = Vec::new();
    for forgotten in erased::forbidden(client, rows).await?.into_iter().flatten() {
        if !taken_out.contains(&forgotten) {
            erased::take_out(client, &forgotten, now).await?;
            taken_out.push(forgotten);
        }
    }
    Ok(())
}

/// Writes exposures of profiles that were not erased, and looks once more afterwards.
pub async fn add_exposures(client: &ClickHouse, rows: &[ExposureRow], now: OffsetDateTime) -> Result<(), StoreError> {
    let forbidden = erased::forbidden_exposures(client, rows).await?;
    let allowed = rows.iter().zip(forbidden).filter(|(_, forgotten)| forgotten.is_none());
    let rows: Vec<ExposureRow> = allowed.map(|(row, _)| row.clone()).collect();
    insert(client, "exposures", &rows).await?;
    for forgotten in erased::forbidden_exposures(client, &rows).await?.into_iter().flatten() {
        erased::take_out(client, &forgotten, now).await?;
    }
    Ok(())
}

/// Writes what players measured.
pub async fn add_samples(client: &ClickHouse, rows: &[SampleRow]) -> Result<(), StoreError> {
    insert(client, "player_samples", rows).await
}

/// Writes states of titles, and who is paid for them.
pub async fn add_titles(client: &ClickHouse, rows: &[(TitleRow, HolderRow)]) -> Result<(), StoreError> {
    let (titles, holders): (Vec<TitleRow>, Vec<HolderRow>) = rows.iter().cloned().unzip();
    insert(client, "titles", &titles).await?;
    insert(client, "title_holders", &holders).await
}

/// Writes states of subscriptions.
pub async fn add_subscriptions(client: &ClickHouse, rows: &[SubscriptionRow]) -> Result<(), StoreError> {
    insert(client, "subscription_states", rows).await
}

/// Writes states of payments.
pub async fn add_payments(client: &ClickHouse, rows: &[PaymentRow]) -> Result<(), StoreError> {
    insert(client, "payment_states", rows).await
}

/// The sessions of some profiles.
pub async fn sessions_of(client: &ClickHouse, profiles: &[ProfileId]) -> Result<Vec<KeptSession>, StoreError> {
    let query = "SELECT session_id, max(profile_id), any(title_id), any(device_id), any(territory), \
                 toString(min(started_at)), max(watched_ms), max(duration_ms) FROM playback_events \
                 WHERE has(?, profile_id) GROUP BY session_id ORDER BY min(started_at), session_id";
    let profiles: Vec<String> = profiles.iter().map(ToString::to_string).collect();
    Ok(client.query(query).bind(profiles).fetch_all().await?)
}

/// The exposures of some profiles.
pub async fn exposures_of(client: &ClickHouse, profiles: &[ProfileId]) -> Result<Vec<KeptExposure>, StoreError> {
    let query = "SELECT profile_id, toString(experiment), toString(variant), toString(exposed_at) FROM exposures FINAL \
                 WHERE has(?, profile_id) ORDER BY exposed_at, event_id";
    let profiles: Vec<String> = profiles.iter().map(ToString::to_string).collect();
    Ok(client.query(query).bind(profiles).fetch_all().await?)
}
