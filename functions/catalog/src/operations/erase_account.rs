//! The user service's receipt → the audit no longer says that it was this account, and its answers to Idempotency-Keys go.

use events::{Consumer, Deadline, Erasure, Event, Outcome};
use runtime::{Boot, BootError};

use crate::store::Erasures;

/// Forgets editors.
pub struct EraseAccount(Erasures);

impl Consumer<Event> for EraseAccount {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        Erasure::consume(&event, |erasure| self.0.erase(erasure)).await
    }
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(EraseAccount(Erasures::new(boot)?))
}
