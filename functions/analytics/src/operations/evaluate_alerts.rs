//! Every minute: whether the error budgets of quality burn too fast. A change of that is kept in `alerts`; while it lasts, every run says so as an error.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::Tick;
use stores::{ClickHouse, StoreError};
use time::OffsetDateTime;

use crate::{
    moment::millis,
    objective::{OBJECTIVES, windows},
    store::alerts::{self, Alert},
};

runtime::wire! {
    pub struct EvaluateAlerts {
        clickhouse: ClickHouse,
        world: World,
    }
}

impl Consumer<Tick> for EvaluateAlerts {
    async fn consume(&self, tick: Tick, _: &Deadline) -> Outcome {
        match self.evaluate(tick.time.unwrap_or_else(|| self.world.now())).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

impl EvaluateAlerts {
    async fn evaluate(&self, now: OffsetDateTime) -> Result<(), StoreError> {
        let mut heard = Vec::new();
        for window in windows() {
            heard.push((window, alerts::heard(&self.clickhouse, now, window).await?));
        }
        let known = alerts::states(&self.clickhouse).await?;
        let mut evaluated = Vec::new();
        for objective in OBJECTIVES {
            let before = known.iter().find(|alert| alert.objective == objective.name);
            // A run that comes late must not undo what a later one found.
            if before.is_some_and(|alert| alert.evaluated_at >= millis(now)) {
                continue;
            }
            let is_firing = objective.is_burning(&heard);
            if is_firing {
                tracing::error!(objective = objective.name, "an error budget burns too fast: docs/runbooks/quality.md");
            }
            let since = before.filter(|alert| alert.is_firing == is_firing).map_or(millis(now), |alert| alert.since);
            let evaluated_at = millis(now);
            evaluated.push(Alert { objective: objective.name.to_owned(), is_firing, since, evaluated_at });
        }
        alerts::put(&self.clickhouse, &evaluated).await
    }
}
