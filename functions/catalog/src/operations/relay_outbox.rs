//! Publishes what a crash between commit and publication left in the outbox.

use events::{Consumer, Deadline, Outbox, Outcome};
use runtime::Tick;

runtime::wire! { pub struct RelayOutbox { outbox: Outbox } }

impl Consumer<Tick> for RelayOutbox {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        self.outbox.relay_until(deadline).await
    }
}
