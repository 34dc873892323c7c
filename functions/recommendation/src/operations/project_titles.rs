//! `cinema.catalog.title_changed.v1` → who may see a title and what it is like; the highest sequence stays.

use events::{Consumer, Deadline, Event, Outcome, project};
use runtime::Access;
use stores::Table;

use crate::{store::titles, title::Title};

runtime::wire! {
    pub struct ProjectTitles {
        table: Table = |boot| boot.table("tastes", Access::Write),
    }
}

impl Consumer<Event> for ProjectTitles {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let put = async |title: events::Title| titles::put(&self.table, &Title::from(title)).await;
        project(&event, events::Title::read, put).await
    }
}
