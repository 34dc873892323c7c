//! The removal of an asset: what is deleted, and until when somebody may still add to it.

use kernel::AssetId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::assets::{asset::Asset, object::Object};

/// The longest invocation takes a quarter of an hour: whoever worked on the film when it went has ended by then.
const LAST_WORKER: Duration = Duration::minutes(16);

/// An asset that is gone, with the objects that are not under its own prefix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Removal {
    pub asset_id: AssetId,
    /// Its source, and the remuxed copy if there was one.
    pub objects: Vec<Object>,
    /// When the reconciler removes what was stored meanwhile.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<OffsetDateTime>,
    /// Counts changes; 0 before it is stored.
    pub version: i64,
}

impl Removal {
    pub fn of(asset: &Asset, now: OffsetDateTime) -> Self {
        let mut objects: Vec<Object> = asset.origin.iter().cloned().collect();
        objects.extend(asset.input.iter().filter(|input| !objects.contains(input)).cloned().collect::<Vec<_>>());
        Self { asset_id: asset.asset_id, objects, due_at: Some(now + LAST_WORKER), version: 0 }
    }
}
