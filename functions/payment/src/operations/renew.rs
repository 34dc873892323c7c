//! Every hour: what has reached the end of its period is renewed, rests or ends; a pause that is over is billed.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;

use super::dun;
use crate::{billing::Billing, subscription::Status};

runtime::wire! { pub struct Renew { billing: Billing } }

impl Consumer<Tick> for Renew {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        dun::advance_all(&self.billing, &[Status::Trialing, Status::Active, Status::Paused], deadline).await
    }
}
