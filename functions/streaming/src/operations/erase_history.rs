//! `cinema.user.history_erased.v1` → where the profile had stopped is forgotten; what was watched later stays.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{ProfileId, TitleId};
use proto::user::HistoryErased;
use runtime::{Access, Boot, BootError};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::store::Store;

/// Forgets positions.
struct Eraser(Store);

/// Whose history, of which title, until when.
fn read(event: &Event) -> Result<(ProfileId, Option<TitleId>, OffsetDateTime), String> {
    let data: HistoryErased = event.data().map_err(|error| error.to_string())?;
    let title = Some(&data.title_id).filter(|id| !id.is_empty());
    Ok((
        data.profile_id.parse().map_err(|error| format!("profile_id: {error}"))?,
        title.map(|id| id.parse()).transpose().map_err(|error| format!("title_id: {error}"))?,
        OffsetDateTime::parse(&data.erased_at, &Rfc3339).map_err(|error| format!("erased_at: {error}"))?,
    ))
}

impl Consumer<Event> for Eraser {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        match read(&event) {
            Err(reason) => Outcome::Poison(reason),
            Ok((profile, title, until)) => {
                let erased = self.0.erase_positions(profile, title, until).await;
                erased.map_or_else(Outcome::retry, |()| Outcome::Done)
            }
        }
    }
}

/// Reads and writes the table.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Eraser(Store::new(boot.table("playback", Access::ReadWrite)?)))
}
