//! `cinema.catalog.title_changed.v1` → a title's rules and film; the highest sequence stays.

use events::{Consumer, Deadline, Event, Outcome};
use runtime::{Access, Boot, BootError};

use crate::{store::Store, title::Title};

/// Writes titles.
struct Projection(Store);

impl Consumer<Event> for Projection {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let read = event.data().map_err(|error| error.to_string());
        match read.and_then(|data| Title::from_event(event.sequence, &data)) {
            Err(reason) => Outcome::poison(reason),
            Ok((id, title)) => match self.0.put_title(id, &title).await {
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
