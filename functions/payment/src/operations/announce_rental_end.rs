//! Every hour: whoever has rented something is told that it ends soon, in time to begin it or to see it to its end.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;
use time::Duration;

use super::ROUND;
use crate::{rentals::Rentals, store::purchases};

/// One of them must be able to end.
const TIME: Duration = Duration::seconds(5);

runtime::wire! { pub struct AnnounceRentalEnd { rentals: Rentals } }

impl Consumer<Tick> for AnnounceRentalEnd {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let (now, mut after) = (self.rentals.world.now(), None);
        loop {
            let due = match purchases::ending(self.rentals.outbox.pool(), now, after, ROUND).await {
                Ok(due) => due,
                Err(error) => return Outcome::retry(error),
            };
            for (_, id) in &due {
                if !deadline.allows(TIME) {
                    return Outcome::Done;
                }
                if let Err(error) = self.rentals.announce(*id).await {
                    return Outcome::retry(error);
                }
            }
            after = due.last().copied();
            if after.is_none() {
                return Outcome::Done;
            }
        }
    }
}
