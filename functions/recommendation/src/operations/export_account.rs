//! `cinema.user.export_requested.v1` → this service's part of the copy. Somebody who was erased meanwhile gets none.

use events::{Export, Holdings};
use runtime::Access;
use serde_json::Value;
use stores::{StoreError, Table};

use crate::{
    copy,
    store::{impressions, tastes},
};

/// See [`events::ExportAccount`].
pub type ExportAccount = events::ExportAccount<Records>;

runtime::wire! {
    /// What the table holds of people.
    pub struct Records {
        table: Table = |boot| boot.table("tastes", Access::Read),
    }
}

impl Holdings for Records {
    const SERVICE: &'static str = "recommendation";

    async fn is_erased(&self, export: &Export) -> Result<bool, StoreError> {
        self.table.is_erased(export.account).await
    }

    async fn copy(&self, export: &Export) -> Result<Option<Value>, StoreError> {
        let mut held = Vec::with_capacity(export.profiles.len());
        for profile in &export.profiles {
            let taste = tastes::get(&self.table, *profile).await?;
            held.push((*profile, taste, impressions::times(&self.table, *profile).await?));
        }
        Ok(Some(copy::document(&held)))
    }
}
