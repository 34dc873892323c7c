//! Publishes what a crash between commit and publication left in the outbox.

use events::{Consumer, Deadline, Outbox, Outcome};
use runtime::{Boot, BootError, Tick};
use time::Duration;

use crate::store::Writer;

/// One round takes less.
const ROUND: Duration = Duration::seconds(5);

/// Relays until nothing is left.
pub struct RelayOutbox(Outbox);

impl Consumer<Tick> for RelayOutbox {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        while deadline.allows(ROUND) {
            match self.0.relay().await {
                Ok(0) => break,
                Ok(published) => tracing::info!(published, "outbox rows were left behind"),
                Err(error) => return Outcome::retry(error),
            }
        }
        Outcome::Done
    }
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Tick> + use<>, BootError> {
    Ok(RelayOutbox(Writer::new(boot)?.outbox().clone()))
}
