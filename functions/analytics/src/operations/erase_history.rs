//! `cinema.user.history_erased.v1` → the sessions that the profile had begun by then go, and their hours are computed again without them.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{EventId, World};
use runtime::{Boot, BootError};

use crate::{forgotten::Forgotten, store::Figures};

struct Eraser {
    figures: Figures,
    world: World,
}

impl Consumer<Event> for Eraser {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let forgotten = match Forgotten::history(&event) {
            Ok(forgotten) => forgotten,
            Err(reason) => return Outcome::Poison(reason),
        };
        let run: EventId = self.world.id();
        let done = self.figures.forget(&forgotten, self.world.now(), &run.to_string()).await;
        done.map_or_else(Outcome::retry, |_| Outcome::Done)
    }
}

/// ClickHouse alone.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Eraser { figures: Figures::new(boot.clickhouse()?), world: boot.world() })
}
