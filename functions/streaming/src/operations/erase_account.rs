//! The user service's receipt → sessions, slots, answers, grant and positions of the account go; the receipt says how many.

use events::{Eraser, Erasure};
use kernel::World;
use proto::types;
use runtime::Access;
use stores::{StoreError, Table};

use crate::store::erasure;

/// See [`events::EraseAccount`].
pub type EraseAccount = events::EraseAccount<Records>;

runtime::wire! {
    /// What the table holds of people.
    pub struct Records {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
        world: World,
    }
}

impl Eraser for Records {
    const RECEIPT: &'static str = types::STREAMING_ACCOUNT_ERASED;

    async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        erasure::erase(&self.table, erasure.account, &erasure.profiles, self.world.now()).await
    }
}
