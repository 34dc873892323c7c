//! Publishes what a crash between commit and publication left in the outbox.

use events::{Consumer, Deadline, Outbox, Outcome};
use runtime::Tick;

use crate::store::imports_outbox;

runtime::wire! { pub struct RelayOutbox { outbox: Outbox = imports_outbox } }

impl Consumer<Tick> for RelayOutbox {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        self.outbox.relay_until(deadline).await
    }
}
