//! Hourly: deletes what has run out. Whatever is not reached in time is left to the next hour.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::Tick;
use stores::PgPool;
use time::Duration;

use crate::store::leftovers::{LEFTOVERS, Leftover, delete_batch};

/// A batch that begins with less time left would be cut off.
const ROUND: Duration = Duration::seconds(5);

runtime::wire! {
    pub struct PurgeExpired {
        pool: PgPool,
        world: World,
    }
}

impl Consumer<Tick> for PurgeExpired {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        for leftover in LEFTOVERS {
            match self.delete(leftover, deadline).await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, what = leftover.what, "leftovers are gone"),
                Err(error) => return Outcome::retry(error),
            }
        }
        Outcome::Done
    }
}

impl PurgeExpired {
    async fn delete(&self, leftover: &Leftover, deadline: &Deadline) -> Result<u64, sqlx::Error> {
        let mut deleted = 0;
        while deadline.allows(ROUND) {
            let (rows, has_more) = delete_batch(&self.pool, leftover, self.world.now()).await?;
            deleted += rows;
            if !has_more {
                break;
            }
        }
        Ok(deleted)
    }
}
