//! Consumers that keep what an event says.

use std::fmt::Display;

use crate::{Event, Outcome};

/// Reads an event by its contract and applies it: what is not of the contract is set aside, what fails comes again.
///
/// `apply` must keep the highest sequence, so that neither repetition nor order matters.
pub async fn project<T, E: Display>(
    event: &Event,
    read: impl FnOnce(&Event) -> Result<T, E>,
    apply: impl AsyncFnOnce(T) -> Result<(), stores::StoreError>,
) -> Outcome {
    match read(event) {
        Err(error) => Outcome::poison(error),
        Ok(value) => match apply(value).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        },
    }
}
