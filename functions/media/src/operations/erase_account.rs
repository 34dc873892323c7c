//! The user service's receipt → uploads no longer say who began them; the films stay.

use events::{Eraser, Erasure};
use proto::types::MEDIA_ACCOUNT_ERASED;
use runtime::Access;
use stores::{StoreError, Table};

use crate::store;

pub type EraseAccount = events::EraseAccount<Uploaders>;

runtime::wire! { pub struct Uploaders { table: Table = |boot| boot.table("assets", Access::ReadWrite) } }

impl Eraser for Uploaders {
    const RECEIPT: &'static str = MEDIA_ACCOUNT_ERASED;

    async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        store::accounts::erase(&self.table, erasure.account).await
    }
}
