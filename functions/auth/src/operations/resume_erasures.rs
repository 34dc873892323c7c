//! Every five minutes: asks the services once more that have not answered a request to erase an account.

use events::{Consumer, Deadline, Outbox, Outcome};
use kernel::World;
use runtime::{Boot, BootError, Tick};

use crate::{erasure::PATIENCE, store::Erasures};

struct Resumption {
    erasures: Erasures,
    outbox: Outbox,
    world: World,
}

impl Consumer<Tick> for Resumption {
    async fn consume(&self, _: Tick, _: &Deadline) -> Outcome {
        let before = self.world.now() - PATIENCE;
        match self.erasures.ask_again(&self.outbox, before, &self.world).await {
            Ok((asked, posted)) => {
                self.outbox.publish(posted).await;
                if asked > 0 {
                    // The runbook erase-stuck.md begins with this line.
                    tracing::warn!(asked, "erasures wait for receipts: the services were asked again");
                }
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

/// Postgres and the stream of events.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Tick> + use<>, BootError> {
    let pool = boot.postgres()?;
    let outbox = Outbox::new(pool.clone()).stream("domain-events", boot.stream("domain-events")?);
    Ok(Resumption { erasures: Erasures::new(pool), outbox, world: boot.world() })
}
