//! `cinema.user.export_requested.v1` → this service's part of the copy: what was counted of the account's profiles.

use events::{Export, Holdings};
use serde_json::{Value, json};
use stores::{ClickHouse, StoreError};

use crate::store::{
    erased,
    rows::{self, KeptExposure, KeptSession},
};

/// See [`events::ExportAccount`].
pub type ExportAccount = events::ExportAccount<Records>;

runtime::wire! {
    /// What the tables hold of people.
    pub struct Records {
        clickhouse: ClickHouse,
    }
}

impl Holdings for Records {
    const SERVICE: &'static str = "analytics";

    async fn is_erased(&self, export: &Export) -> Result<bool, StoreError> {
        let tombstones = erased::tombstones(&self.clickhouse, export.profiles.iter().copied()).await?;
        Ok(export.profiles.iter().any(|profile| tombstones.is_gone(*profile)))
    }

    async fn copy(&self, export: &Export) -> Result<Option<Value>, StoreError> {
        let sessions = rows::sessions_of(&self.clickhouse, &export.profiles).await?;
        let exposures = rows::exposures_of(&self.clickhouse, &export.profiles).await?;
        Ok(Some(json!({
            "sessions": sessions.into_iter().map(session).collect::<Vec<_>>(),
            "experiments": exposures.into_iter().map(exposure).collect::<Vec<_>>(),
        })))
    }
}

fn session(kept: KeptSession) -> Value {
    let (session, profile, title, device, territory, started_at, watched_ms, duration_ms) = kept;
    json!({ "session_id": session, "profile_id": profile, "title_id": title, "device_id": device, "territory": territory,
        "started_at": started_at, "watched_ms": watched_ms, "duration_ms": duration_ms })
}

fn exposure((profile, experiment, variant, exposed_at): KeptExposure) -> Value {
    json!({ "profile_id": profile, "experiment": experiment, "variant": variant, "exposed_at": exposed_at })
}
