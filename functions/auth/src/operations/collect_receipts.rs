//! The receipts of all services that erase an account. With the last one auth forgets the account itself and mails the receipts to the address.

use events::{Consumer, Deadline, Event, Outbox, Outcome};
use kernel::World;
use runtime::{Boot, BootError};

use crate::{
    erasure::Receipt,
    letter,
    store::{Erasures, Taken},
};

struct Collector {
    erasures: Erasures,
    outbox: Outbox,
    world: World,
}

impl Consumer<Event> for Collector {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let receipt = match Receipt::read(&event) {
            Ok(receipt) => receipt,
            Err(reason) => return Outcome::Poison(reason),
        };
        match self.erasures.take(&self.outbox, &receipt, &self.world).await {
            Ok((Taken::Unknown, _)) => Outcome::poison("a receipt for a request that nobody has made"),
            Ok((taken, posted)) => {
                self.outbox.publish(posted).await;
                if taken == Taken::Last {
                    tracing::info!(erasure_id = %receipt.erasure, "an account was erased");
                }
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

/// Postgres and the queue of mails.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Collector { erasures: Erasures::new(boot.postgres()?), outbox: letter::outbox(boot)?, world: boot.world() })
}
