//! `export_requested` → the part of this service, `{export_id}/payment.json`. A repetition gives the same document, or a newer one.

use events::{Export, Holdings};
use serde_json::Value;
use sqlx::PgPool;
use stores::{StoreError, postgres};

use crate::store::{erased_accounts, exports};

/// See [`events::ExportAccount`].
pub type ExportAccount = events::ExportAccount<Records>;

runtime::wire! {
    /// What the schema holds of people.
    pub struct Records { pool: PgPool }
}

impl Holdings for Records {
    const SERVICE: &'static str = "payment";

    async fn is_erased(&self, export: &Export) -> Result<bool, StoreError> {
        postgres::transact(&self.pool, async |tx| Ok(erased_accounts::contains(tx, export.account).await?)).await
    }

    /// For everybody whom the user service knows: one that has paid nothing gets a part that says so.
    async fn copy(&self, export: &Export) -> Result<Option<Value>, StoreError> {
        Ok(Some(exports::holdings(&self.pool, export.account).await?))
    }
}
