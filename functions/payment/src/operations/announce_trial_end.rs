//! Every day: whoever is on trial is told three days before the first payment, once.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;

use super::{ROUND, ROUND_TIME, outcome};
use crate::{
    billing::Billing,
    store::subscriptions,
    subscription::{Status, TRIAL_NOTICE},
};

runtime::wire! { pub struct AnnounceTrialEnd { billing: Billing } }

impl Consumer<Tick> for AnnounceTrialEnd {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let (until, mut after, mut failed) = (self.billing.world().now() + TRIAL_NOTICE, None, None);
        loop {
            let pool = self.billing.outbox().pool();
            let due = match subscriptions::due(pool, &[Status::Trialing], until, after, ROUND).await {
                Ok(due) => due,
                Err(error) => return Outcome::retry(error),
            };
            let Some(last) = due.last().copied() else { return outcome(failed) };
            for (_, id) in due {
                if !deadline.allows(ROUND_TIME) {
                    return outcome(failed);
                }
                failed = self.billing.announce_trial_end(id).await.err().or(failed);
            }
            after = Some(last);
        }
    }
}
