//! The user service's receipt → everything about the account's profiles goes; the receipt says how much that was.

use events::{Eraser, Erasure};
use proto::types;
use runtime::Access;
use stores::{StoreError, Table};

use crate::store::erasure;

/// See [`events::EraseAccount`].
pub type EraseAccount = events::EraseAccount<Records>;

runtime::wire! {
    /// What the table holds of people.
    pub struct Records {
        table: Table = |boot| boot.table("tastes", Access::ReadWrite),
    }
}

impl Eraser for Records {
    const RECEIPT: &'static str = types::RECOMMENDATION_ACCOUNT_ERASED;

    async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        erasure::erase(&self.table, erasure.account, &erasure.profiles).await
    }
}
