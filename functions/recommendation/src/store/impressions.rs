//! What decided the pages that profiles were shown.

use std::io::{Read, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use kernel::{ImpressionId, ProfileId};
use serde::{Deserialize, Serialize};
use stores::{
    StoreError, Table,
    table::{Item, Query, Write},
};
use time::{Duration, OffsetDateTime};

use super::{erasure, keys, opinions::Owner, profiles};
use crate::{home::Inputs, millis};

/// How long a page can be explained.
pub const KEPT: Duration = Duration::days(7);
/// What unpacks to more is none of ours.
const MOST_BYTES: u64 = 4 << 20;

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Milliseconds since 1970.
    at: i64,
    /// JSON, deflated, in base64: a third of its size.
    inputs: String,
}

/// Stores what decided a page, unless the profile is gone.
pub async fn put(
    table: &Table,
    owner: Owner,
    impression: ImpressionId,
    inputs: &Inputs,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let stored = Stored { at: millis::of(now), inputs: packed(inputs).map_err(failed)? };
    let item = Item::new(&keys::impression(owner.profile, impression), &stored)?.expiring(now + KEPT);
    table.write(Write::put(item)).await?;
    if profiles::is_gone(table, owner.account, owner.profile).await? {
        erasure::forget_impressions(table, owner.profile).await?;
    }
    Ok(())
}

/// What decided a page; `None` when it was never shown, to this profile, or too long ago. The table removes what has expired within days.
pub async fn get(
    table: &Table,
    profile: ProfileId,
    impression: ImpressionId,
    now: OffsetDateTime,
) -> Result<Option<Inputs>, StoreError> {
    let stored: Option<Stored> = table.get(&keys::impression(profile, impression)).await?;
    let stored = stored.filter(|stored| now < millis::time(stored.at) + KEPT);
    stored.map(|stored| unpacked(&stored.inputs).map_err(failed)).transpose()
}

/// When the profile was shown pages that can still be explained.
pub async fn times(table: &Table, profile: ProfileId) -> Result<Vec<OffsetDateTime>, StoreError> {
    let items = table.query(Query::partition(keys::impressions(profile))).await?;
    items.into_iter().map(|item| item.read::<Stored>().map(|stored| millis::time(stored.at))).collect()
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::new("dynamodb", error)
}

fn packed(inputs: &Inputs) -> std::io::Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&serde_json::to_vec(inputs)?)?;
    Ok(BASE64_STANDARD.encode(encoder.finish()?))
}

fn unpacked(text: &str) -> std::io::Result<Inputs> {
    let bytes = BASE64_STANDARD.decode(text).map_err(std::io::Error::other)?;
    let mut json = Vec::new();
    DeflateDecoder::new(bytes.as_slice()).take(MOST_BYTES).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}
