//! Gives titles whose sort keys are of an older version, or were never made, those of this version.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;
use sqlx::PgPool;
use stores::postgres;
use time::Duration;

use crate::store::titles;

runtime::wire! { pub struct RefreshSortKeys { pool: PgPool } }

/// How many titles one transaction takes.
const ROUND: i64 = 200;
/// A round must be able to end.
const ROUND_TIME: Duration = Duration::seconds(5);

impl Consumer<Tick> for RefreshSortKeys {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        while deadline.allows(ROUND_TIME) {
            match postgres::transact(&self.pool, async |tx| titles::refresh_sort_keys(tx, ROUND).await).await {
                Ok(0) => return Outcome::Done,
                Ok(titles) => tracing::info!(titles, "sort keys made anew"),
                Err(error) => return Outcome::retry(error),
            }
        }
        Outcome::Done
    }
}
