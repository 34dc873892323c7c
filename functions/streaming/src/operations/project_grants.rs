//! `cinema.user.entitlements_changed.v1` → what an account may watch on how many screens; the highest sequence stays.

use events::{Consumer, Deadline, Event, Outcome, project};
use runtime::Access;
use stores::Table;

use crate::{grant::Grant, store::grants};

runtime::wire! {
    pub struct ProjectGrants {
        table: Table = |boot| boot.table("playback", Access::Write),
    }
}

impl Consumer<Event> for ProjectGrants {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let read = |event: &Event| {
            let data = event.data().map_err(|error| error.to_string())?;
            Grant::from_event(event.sequence, &data)
        };
        project(&event, read, async |(account, grant)| grants::put(&self.table, account, &grant).await).await
    }
}
