//! `cinema.user.history_erased.v1` → where the profile had stopped is forgotten; what was watched later stays.

use events::{Consumer, Deadline, Event, Outcome, project};
use kernel::{ProfileId, TitleId};
use proto::user::HistoryErased;
use runtime::Access;
use stores::Table;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::store::positions;

runtime::wire! {
    pub struct EraseHistory {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
    }
}

impl Consumer<Event> for EraseHistory {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, read, async |(profile, title, until)| {
            positions::forget(&self.table, profile, title, until).await
        })
        .await
    }
}

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
