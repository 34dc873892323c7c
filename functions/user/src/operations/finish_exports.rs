//! Every minute: the archives whose last part has come are made, and their people told, each once.

use events::{Consumer, Deadline, Outbox, Outcome};
use kernel::{ExportId, World};
use runtime::{Access, Tick};
use stores::{Bucket, StoreError};
use time::{Duration, OffsetDateTime};

use crate::{
    export::{self, KEPT},
    store::{archives, exports},
};

/// How many are looked for at once.
const ROUND: i64 = 100;
/// One of them must be able to end.
const TIME: Duration = Duration::seconds(10);

runtime::wire! {
    pub struct FinishExports {
        outbox: Outbox,
        bucket: Bucket = |boot| boot.bucket("exports", Access::ReadWrite),
        world: World,
    }
}

impl Consumer<Tick> for FinishExports {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let (since, mut after) = (self.world.now() - KEPT, None);
        loop {
            let unfinished = match exports::unfinished(self.outbox.pool(), since, after, ROUND).await {
                Ok(unfinished) => unfinished,
                Err(error) => return Outcome::retry(error),
            };
            for (requested_at, id) in &unfinished {
                if !deadline.allows(TIME) {
                    return Outcome::Done;
                }
                if let Err(error) = self.finish(*id, *requested_at).await {
                    return Outcome::retry(error);
                }
            }
            after = unfinished.last().copied();
            if after.is_none() {
                return Outcome::Done;
            }
        }
    }
}

impl FinishExports {
    async fn finish(&self, id: ExportId, requested_at: OffsetDateTime) -> Result<(), StoreError> {
        if !archives::make(&self.bucket, id).await? {
            return Ok(());
        }
        let now = self.world.now();
        self.outbox
            .transact(async |tx| {
                if let Some(account) = exports::finish(tx, id, now).await? {
                    tx.emit(&export::ready(&self.world, (id, requested_at), account, now)).await?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        // Whoever was erased meanwhile leaves nothing behind.
        if !exports::exists(self.outbox.pool(), id).await? {
            self.bucket.delete_below(&format!("{id}/")).await?;
        }
        Ok(())
    }
}
