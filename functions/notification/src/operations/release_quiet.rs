//! Every 15 minutes: what was held during somebody's quiet hours is sent once they are over.

use events::{Consumer, Deadline, Outbox, Outcome};
use kernel::World;
use runtime::Tick;
use stores::StoreError;
use time::Duration;

use crate::{handout, store, store::deliveries};

/// How many deliveries one transaction releases.
const ROUND: i64 = 100;
/// A round must be able to end.
const ROUND_TIME: Duration = Duration::seconds(5);

runtime::wire! { pub struct ReleaseQuiet { outbox: Outbox = store::deliveries_outbox, world: World } }

impl Consumer<Tick> for ReleaseQuiet {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        while deadline.allows(ROUND_TIME) {
            match self.round().await {
                Ok(0) => break,
                Ok(released) => tracing::info!(released, "quiet hours are over"),
                Err(error) => return Outcome::retry(error),
            }
        }
        Outcome::Done
    }
}

impl ReleaseQuiet {
    async fn round(&self) -> Result<usize, StoreError> {
        self.outbox
            .transact(async |tx| {
                let released = deliveries::release_due(tx, self.world.now(), ROUND).await?;
                let count = released.len();
                for delivery in released {
                    match (delivery.is_push, delivery.template) {
                        (true, _) => tx.send(handout::push(delivery.id)).await?,
                        (false, Some(template)) => {
                            tx.send(handout::mail(delivery.id, delivery.account, template)).await?;
                        }
                        (false, None) => {}
                    }
                }
                Ok(count)
            })
            .await
    }
}
