//! Every five minutes: providers are asked about outcomes that are not known, after 5 minutes, an hour, and on five days; then a person is.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;

use super::{ROUND, ROUND_TIME, outcome};
use crate::{
    billing::Billing,
    store::{payments, refunds},
};

runtime::wire! { pub struct ResolveUnknown { billing: Billing } }

impl Consumer<Tick> for ResolveUnknown {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let (pool, now) = (self.billing.outbox().pool(), self.billing.world().now());
        let due = payments::due(pool, now, ROUND).await;
        let (payments, refunds) = match (due, refunds::due(pool, now, ROUND).await) {
            (Ok(payments), Ok(refunds)) => (payments, refunds),
            (Err(error), _) | (_, Err(error)) => return Outcome::retry(error),
        };
        let mut failed = None;
        for id in payments {
            if deadline.allows(ROUND_TIME) {
                failed = self.billing.resolve(id).await.err().or(failed);
            }
        }
        for id in refunds {
            if deadline.allows(ROUND_TIME) {
                failed = self.billing.give_back(id).await.err().or(failed);
            }
        }
        outcome(failed)
    }
}
