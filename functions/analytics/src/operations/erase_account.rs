//! The user service's receipt → the rows of the account's profiles go, and the hours they were in are computed again without them.

use events::{Eraser, Erasure};
use kernel::World;
use proto::types;
use stores::{ClickHouse, StoreError};

use crate::{forgotten::Forgotten, store::erased};

/// See [`events::EraseAccount`].
pub type EraseAccount = events::EraseAccount<Records>;

runtime::wire! {
    /// What the tables hold of people.
    pub struct Records {
        clickhouse: ClickHouse,
        world: World,
    }
}

impl Eraser for Records {
    const RECEIPT: &'static str = types::ANALYTICS_ACCOUNT_ERASED;

    async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        let people = Forgotten::people(&erasure.profiles);
        erased::forget(&self.clickhouse, &people, self.world.now(), self.world.id()).await
    }
}
