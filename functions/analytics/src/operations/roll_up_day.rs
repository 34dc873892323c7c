//! Every day: computes the last two whole days and every earlier day that received data since the last run. Each day is replaced in one step, so a
//! run that dies leaves every day whole, and a second run gives the same.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::Tick;
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use crate::{
    hour::{self, Hour},
    store::title_hours::DAYS,
};

runtime::wire! {
    pub struct RollUpDay {
        clickhouse: ClickHouse,
        world: World,
    }
}

impl Consumer<Tick> for RollUpDay {
    async fn consume(&self, tick: Tick, _: &Deadline) -> Outcome {
        match self.run(tick.time.unwrap_or_else(|| self.world.now())).await {
            Ok(days) => {
                tracing::info!(days, "days were rolled up");
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}

impl RollUpDay {
    async fn run(&self, due_at: OffsetDateTime) -> Result<usize, StoreError> {
        let late = DAYS.late_hours(&self.clickhouse).await?;
        let now = Hour::of(due_at.min(self.world.now())).unwrap_or(Hour::from_seconds(0));
        let days = hour::days_due(now, late);
        DAYS.run(&self.clickhouse, &days, self.world.id()).await?;
        // What came in for today was left out, and the next run that ends may be days away: it looks back to the beginning of today.
        DAYS.note(&self.clickhouse, now.day().begin()).await?;
        Ok(days.len())
    }
}
