//! Every five minutes: asks the services once more that have not answered a request to erase an account.

use events::{Consumer, Deadline, Outbox, Outcome};
use kernel::World;
use runtime::Tick;

use crate::{erasure::PATIENCE, store::erasures};

runtime::wire! {
    pub struct ResumeErasures {
        outbox: Outbox,
        world: World,
    }
}

impl Consumer<Tick> for ResumeErasures {
    async fn consume(&self, _: Tick, _: &Deadline) -> Outcome {
        match self.ask_again().await {
            Ok(0) => Outcome::Done,
            Ok(asked) => {
                // The runbook erase-stuck.md begins with this line.
                tracing::warn!(asked, "erasures wait for receipts: the services were asked again");
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

impl ResumeErasures {
    async fn ask_again(&self) -> Result<usize, sqlx::Error> {
        let now = self.world.now();
        self.outbox
            .transact(async |tx| {
                let overdue = erasures::overdue(tx, now - PATIENCE, now).await?;
                for request in &overdue {
                    tx.emit(&request.event(&self.world)).await?;
                }
                Ok(overdue.len())
            })
            .await
    }
}
