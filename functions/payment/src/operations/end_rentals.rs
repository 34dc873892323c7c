//! Every hour: rentals whose time is over are ended. Nobody watches on them any more either way: what they bring has its end in it.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;

use super::{ROUND, ROUND_TIME};
use crate::{rentals::Rentals, store::purchases};

runtime::wire! { pub struct EndRentals { rentals: Rentals } }

impl Consumer<Tick> for EndRentals {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let now = self.rentals.world.now();
        loop {
            let due = match purchases::due(self.rentals.outbox.pool(), now, ROUND).await {
                Ok(due) => due,
                Err(error) => return Outcome::retry(error),
            };
            for id in &due {
                if !deadline.allows(ROUND_TIME) {
                    return Outcome::Done;
                }
                if let Err(error) = self.rentals.end(*id).await {
                    return Outcome::retry(error);
                }
            }
            if due.is_empty() {
                return Outcome::Done;
            }
        }
    }
}
