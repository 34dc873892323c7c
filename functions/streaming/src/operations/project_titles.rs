//! `cinema.catalog.title_changed.v1` → a title's rules and film; the highest sequence stays.

use events::{Consumer, Deadline, Event, Outcome, project};
use runtime::Access;
use stores::Table;

use crate::{store::titles, title::Title};

runtime::wire! {
    pub struct ProjectTitles {
        table: Table = |boot| boot.table("playback", Access::Write),
    }
}

impl Consumer<Event> for ProjectTitles {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let read = |event: &Event| {
            let data = event.data().map_err(|error| error.to_string())?;
            Title::from_event(event.sequence, &data)
        };
        project(&event, read, async |(id, title)| titles::put(&self.table, id, &title).await).await
    }
}
