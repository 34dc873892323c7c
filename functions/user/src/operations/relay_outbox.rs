//! Every minute: publishes what a crash left in the outbox.

use events::{Consumer, Deadline, Outbox, Outcome};
use runtime::{Boot, BootError, Tick};
use time::Duration;

use crate::store;

/// A round must be able to end.
const ROUND: Duration = Duration::seconds(5);

struct Relay(Outbox);

impl Consumer<Tick> for Relay {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        while deadline.allows(ROUND) {
            match self.0.relay().await {
                Ok(0) => return Outcome::Done,
                Ok(published) => tracing::info!(published, "left behind by a crash"),
                Err(error) => return Outcome::retry(error),
            }
        }
        Outcome::Done
    }
}

/// The schema, and wherever its letters go.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Tick> + use<>, BootError> {
    Ok(Relay(store::outbox(boot)?))
}
