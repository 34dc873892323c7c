//! `export_requested` → the part of this service, `{export_id}/notification.json`. A repetition gives the same document, or a newer one.

use events::{Export, Holdings};
use serde_json::Value;
use sqlx::PgPool;
use stores::{StoreError, postgres};

use crate::store::{erased_accounts, holdings};

/// See [`events::ExportAccount`].
pub type ExportAccount = events::ExportAccount<Records>;

runtime::wire! {
    /// What the schema holds of people.
    pub struct Records { pool: PgPool }
}

impl Holdings for Records {
    const SERVICE: &'static str = "notification";

    async fn is_erased(&self, export: &Export) -> Result<bool, StoreError> {
        postgres::transact(&self.pool, async |tx| Ok(erased_accounts::contains(tx, export.account).await?)).await
    }

    async fn copy(&self, export: &Export) -> Result<Option<Value>, StoreError> {
        Ok(Some(holdings::copy(&self.pool, export.account).await?))
    }
}
