//! The user service's receipt → the rows of the account's profiles go, and the hours they were in are computed again without them.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use kernel::{EventId, World};
use proto::types;
use runtime::{Boot, BootError};
use stores::{StoreError, Stream};

use crate::{forgotten::Forgotten, store::Figures};

struct Eraser {
    figures: Figures,
    stream: Stream,
    world: World,
}

impl Eraser {
    async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let (now, run) = (self.world.now(), self.world.id::<EventId>().to_string());
        let records = self.figures.forget(&Forgotten::people(&erasure.profiles), now, &run).await?;
        erasure.confirm(&self.stream, &self.world, types::ANALYTICS_ACCOUNT_ERASED, records).await
    }
}

impl Consumer<Event> for Eraser {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        Erasure::consume(&event, |erasure| self.erase(erasure)).await
    }
}

/// ClickHouse, and the stream of events for the receipt.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Eraser { figures: Figures::new(boot.clickhouse()?), stream: boot.stream("domain-events")?, world: boot.world() })
}
