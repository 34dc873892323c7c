//! Daily: how well the searches of the day before were answered. Searches older than 30 days are forgotten.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::Tick;
use sqlx::PgPool;
use stores::postgres;
use time::Duration;

use crate::{relevance::Relevance, store::queries};

/// Words that people typed are not kept for longer.
const KEEP: Duration = Duration::days(30);

runtime::wire! {
    /// Counts a day.
    pub struct ReportRelevance { pool: PgPool, world: World }
}

impl Consumer<Tick> for ReportRelevance {
    async fn consume(&self, tick: Tick, _: &Deadline) -> Outcome {
        let now = self.world.now();
        let Some(day) = tick.time.unwrap_or(now).date().previous_day() else { return Outcome::Done };
        let report = async |connection: &mut sqlx::PgConnection| {
            let found = queries::relevance(connection, day).await?;
            queries::report(connection, day, &found).await?;
            queries::forget(connection, now - KEEP).await?;
            Ok::<Relevance, sqlx::Error>(found)
        };
        match postgres::transact(&self.pool, report).await {
            Ok(found) => {
                tracing::info!(
                    %day,
                    searches = found.searches,
                    click_through_rate = found.click_through_rate(),
                    mean_reciprocal_rank = found.mean_reciprocal_rank(),
                    without_results = found.without_results,
                    "searches were answered"
                );
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }
}
