//! `cinema.user.entitlements_changed.v1` → what an account may watch on how many screens; the highest sequence stays.

use events::{Consumer, Deadline, Event, Outcome};
use runtime::{Access, Boot, BootError};

use crate::{grant::Grant, store::Store};

/// Writes grants.
struct Projection(Store);

impl Consumer<Event> for Projection {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let read = event.data().map_err(|error| error.to_string());
        match read.and_then(|data| Grant::from_event(event.sequence, &data)) {
            Err(reason) => Outcome::poison(reason),
            Ok((account, grant)) => match self.0.put_grant(account, &grant).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::retry(error),
            },
        }
    }
}

/// Writes the table.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Projection(Store::new(boot.table("playback", Access::Write)?)))
}
