//! `cinema.user.export_requested.v1` → this service's part of the copy: the account, how it can sign in, its sessions and its security log.
//! Somebody who is being erased gets none.

use events::{Export, Holdings};
use serde_json::Value;
use stores::{PgPool, StoreError};

use crate::store::{copies, erasures};

/// See [`events::ExportAccount`].
pub type ExportAccount = events::ExportAccount<Records>;

runtime::wire! {
    /// What auth holds of people.
    pub struct Records {
        pool: PgPool,
    }
}

impl Holdings for Records {
    const SERVICE: &'static str = "auth";

    async fn is_erased(&self, export: &Export) -> Result<bool, StoreError> {
        Ok(erasures::of(&self.pool, export.account).await?.is_some())
    }

    async fn copy(&self, export: &Export) -> Result<Option<Value>, StoreError> {
        Ok(Some(copies::of(&self.pool, export.account).await?))
    }
}
