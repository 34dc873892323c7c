//! `title_changed` → what can be sold, and where; the highest sequence stays.

use events::{Consumer, Deadline, Event, Outcome, Title, project};
use sqlx::PgPool;

use crate::store::titles;

runtime::wire! { pub struct ProjectTitles { pool: PgPool } }

impl Consumer<Event> for ProjectTitles {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Title::read, async |title| Ok(titles::put(&self.pool, &title).await?)).await
    }
}
