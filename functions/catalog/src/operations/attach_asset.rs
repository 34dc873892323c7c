//! What the pipeline reports becomes part of the titles: a ready film is attached, a failure shown to editors, a dropped file made a draft.

use events::{Consumer, Deadline, Event, Outcome};
use runtime::{Boot, BootError};

use crate::{
    asset::Report,
    store::{WriteError, Writer},
};

/// Applies the events of the media service; their order and number do not matter.
pub struct AttachAsset(Writer);

impl Consumer<Event> for AttachAsset {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let report = match Report::of(&event) {
            Ok(report) => report,
            Err(reason) => return Outcome::poison(reason),
        };
        match self.0.apply(&report).await {
            Ok(()) => Outcome::Done,
            Err(WriteError::Sql(error)) => Outcome::retry(error),
            Err(error) => Outcome::poison(error),
        }
    }
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(AttachAsset(Writer::new(boot)?))
}
