//! `cinema.catalog.title_changed.v1` → which titles there are; the films and captions of a deleted one go.

use events::{Consumer, Deadline, Event, Outcome, project};
use stores::StoreError;

use crate::{pipeline::removal::Remover, store::titles};

runtime::wire! { pub struct ProjectTitles { remover: Remover = Remover::wire } }

impl Consumer<Event> for ProjectTitles {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, events::Title::read, async |title| self.keep(title).await).await
    }
}

impl ProjectTitles {
    async fn keep(&self, told: events::Title) -> Result<(), StoreError> {
        let (id, is_deleted) = (told.id, told.is_deleted);
        titles::put(&self.remover.table, &told.into()).await?;
        if !is_deleted {
            return Ok(());
        }
        self.remover.remove_films(id).await?;
        self.remover.remove_captions(id).await
    }
}
