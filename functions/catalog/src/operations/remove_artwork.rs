//! Removes the pictures that nobody is told of any longer: replaced ones, those that were taken back, those of deleted titles.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Access, Tick};
use sqlx::PgPool;
use stores::{Bucket, StoreError};
use time::Duration;

use crate::{artwork::folder, store::artwork_leavings};

runtime::wire! {
    pub struct RemoveArtwork {
        pool: PgPool,
        media: Bucket = |boot| boot.bucket("media", Access::ReadWrite),
        world: World,
    }
}

/// How many uploads are looked up at once.
const ROUND: i64 = 50;
/// A folder of about six pictures must be able to go.
const REMOVAL_TIME: Duration = Duration::seconds(5);

impl Consumer<Tick> for RemoveArtwork {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        match self.remove(deadline).await {
            Ok(0) => Outcome::Done,
            Ok(uploads) => {
                tracing::info!(uploads, "pictures removed");
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

impl RemoveArtwork {
    async fn remove(&self, deadline: &Deadline) -> Result<usize, StoreError> {
        let mut removed = 0;
        let now = self.world.now();
        loop {
            let due = artwork_leavings::due(&self.pool, now, ROUND).await?;
            if due.is_empty() {
                return Ok(removed);
            }
            for upload in due {
                if !deadline.allows(REMOVAL_TIME) {
                    return Ok(removed);
                }
                self.media.delete_below(&folder(upload)).await?;
                artwork_leavings::forget(&self.pool, upload, now).await?;
                removed += 1;
            }
        }
    }
}
