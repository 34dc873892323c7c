//! Every minute: publishes what a crash left in the outbox.

use events::{Consumer, Deadline, Outbox, Outcome};
use runtime::Tick;

use crate::store;

runtime::wire! { pub struct RelayOutbox { outbox: Outbox = store::outbox } }

impl Consumer<Tick> for RelayOutbox {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        self.outbox.relay_until(deadline).await
    }
}
