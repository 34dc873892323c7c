//! Every hour: declined payments are tried again on days 3, 5 and 7; what stays unpaid is suspended, and ends 30 days later.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;

use super::{ROUND, ROUND_TIME, outcome};
use crate::{billing::Billing, store::subscriptions, subscription::Status};

runtime::wire! { pub struct Dun { billing: Billing } }

impl Consumer<Tick> for Dun {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        advance_all(&self.billing, &[Status::PastDue, Status::Suspended], deadline).await
    }
}

/// Does what is due of all subscriptions in these states, the longest due first. One that fails does not keep the others waiting.
pub(super) async fn advance_all(billing: &Billing, states: &[Status], deadline: &Deadline) -> Outcome {
    let (now, mut after, mut failed) = (billing.world().now(), None, None);
    loop {
        let due = match subscriptions::due(billing.outbox().pool(), states, now, after, ROUND).await {
            Ok(due) => due,
            Err(error) => return Outcome::retry(error),
        };
        let Some(last) = due.last().copied() else { return outcome(failed) };
        for (_, id) in due {
            if !deadline.allows(ROUND_TIME) {
                return outcome(failed);
            }
            if let Err(error) = billing.advance(id).await {
                tracing::error!(subscription = %id, %error, "a subscription cannot be renewed now");
                failed = Some(error);
            }
        }
        after = Some(last);
    }
}
