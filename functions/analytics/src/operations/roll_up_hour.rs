//! Every hour: computes the current hour, the two before it and every hour that received data since the last run. Each hour is replaced in one
//! step, so a run that dies leaves every hour whole, and a second run changes nothing.

use events::{Consumer, Deadline, Outcome};
use kernel::{EventId, World};
use runtime::{Boot, BootError, Tick};
use stores::StoreError;
use time::OffsetDateTime;

use crate::{
    hour::{self, Hour},
    store::Figures,
};

struct RollUp {
    figures: Figures,
    world: World,
}

impl RollUp {
    async fn run(&self, due_at: OffsetDateTime) -> Result<usize, StoreError> {
        let began_at = self.world.now();
        let late = self.figures.late_hours().await?;
        let now = Hour::of(due_at).unwrap_or(Hour::from_seconds(0));
        let hours = hour::due(now, late);
        let run: EventId = self.world.id();
        self.figures.roll_up(&hours, &run.to_string()).await?;
        self.figures.note_roll_up(began_at).await?;
        Ok(hours.len())
    }
}

impl Consumer<Tick> for RollUp {
    async fn consume(&self, tick: Tick, _: &Deadline) -> Outcome {
        match self.run(tick.time.unwrap_or_else(|| self.world.now())).await {
            Ok(hours) => {
                tracing::info!(hours, "hours were rolled up");
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

/// Needs ClickHouse alone.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Tick> + use<>, BootError> {
    Ok(RollUp { figures: Figures::new(boot.clickhouse()?), world: boot.world() })
}
