//! Every minute: publishes what an invocation has committed but could not publish.

use events::{Consumer, Deadline, Outbox, Outcome};
use runtime::{Boot, BootError, Tick};
use time::Duration;

/// A round that begins with less time left would be cut off.
const ROUND: Duration = Duration::seconds(5);

struct Relay(Outbox);

impl Consumer<Tick> for Relay {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        while deadline.allows(ROUND) {
            match self.0.relay().await {
                Ok(0) => break,
                Ok(published) => tracing::info!(published, "outbox rows that were left behind"),
                Err(error) => return Outcome::retry(error),
            }
        }
        Outcome::Done
    }
}

/// Postgres and every destination of the service's letters.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Tick> + use<>, BootError> {
    let outbox = Outbox::new(boot.postgres()?)
        .stream("domain-events", boot.stream("domain-events")?)
        .queue("email", boot.queue("email")?);
    Ok(Relay(outbox))
}
