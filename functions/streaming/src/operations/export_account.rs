//! `cinema.user.export_requested.v1` → this service's part of the copy. Somebody who was erased meanwhile gets none.

use events::{Export, Holdings};
use runtime::Access;
use serde_json::Value;
use stores::{StoreError, Table};

use crate::{copy, store::export::held};

/// See [`events::ExportAccount`].
pub type ExportAccount = events::ExportAccount<Records>;

runtime::wire! {
    /// What the table holds of people.
    pub struct Records {
        table: Table = |boot| boot.table("playback", Access::Read),
    }
}

impl Holdings for Records {
    const SERVICE: &'static str = "streaming";

    async fn is_erased(&self, export: &Export) -> Result<bool, StoreError> {
        self.table.is_erased(export.account).await
    }

    async fn copy(&self, export: &Export) -> Result<Option<Value>, StoreError> {
        Ok(Some(copy::document(&held(&self.table, export.account, &export.profiles).await?)))
    }
}
