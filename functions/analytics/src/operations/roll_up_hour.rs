//! Every hour: computes the current hour, the two before it and every hour that received data since the last run. Each hour is replaced in one
//! step, so a run that dies leaves every hour whole, and a second run gives the same.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::Tick;
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use crate::{
    hour::{self, Hour},
    store::title_hours::HOURS,
};

runtime::wire! {
    pub struct RollUpHour {
        clickhouse: ClickHouse,
        world: World,
    }
}

impl Consumer<Tick> for RollUpHour {
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

impl RollUpHour {
    async fn run(&self, due_at: OffsetDateTime) -> Result<usize, StoreError> {
        let began_at = self.world.now();
        let late = HOURS.late_hours(&self.clickhouse).await?;
        let now = Hour::of(due_at).unwrap_or(Hour::from_seconds(0));
        let hours = hour::due(now, late);
        HOURS.run(&self.clickhouse, &hours, self.world.id()).await?;
        HOURS.note(&self.clickhouse, began_at).await?;
        Ok(hours.len())
    }
}
