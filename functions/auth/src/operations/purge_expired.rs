//! Hourly: deletes what has run out. Whatever is not reached in time is left to the next hour.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Boot, BootError, Tick};
use time::Duration;

use crate::store::{LEFTOVERS, Purge};

/// A batch that begins with less time left would be cut off.
const ROUND: Duration = Duration::seconds(5);

struct Purging {
    purge: Purge,
    world: World,
}

impl Consumer<Tick> for Purging {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        for leftover in LEFTOVERS {
            let mut deleted = 0;
            while deadline.allows(ROUND) {
                match self.purge.batch(leftover, self.world.now()).await {
                    Ok((rows, has_more)) => {
                        deleted += rows;
                        if !has_more {
                            break;
                        }
                    }
                    Err(error) => return Outcome::retry(error),
                }
            }
            if deleted > 0 {
                tracing::info!(deleted, what = leftover.what, "leftovers are gone");
            }
        }
        Outcome::Done
    }
}

/// Postgres.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Tick> + use<>, BootError> {
    Ok(Purging { purge: Purge::new(boot.postgres()?), world: boot.world() })
}
