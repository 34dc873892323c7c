//! `title_changed` → what lists show of a title and who may see it; the highest sequence stays.

use events::{Consumer, Deadline, Event, Outcome};
use proto::catalog::TitleChanged;
use runtime::{Boot, BootError};
use stores::PgPool;

use crate::{store, title::Title};

struct Titles(PgPool);

impl Titles {
    async fn put(&self, title: &Title, sequence: i64) -> Result<(), sqlx::Error> {
        store::put_title(&mut *self.0.acquire().await?, title, sequence).await
    }
}

impl Consumer<Event> for Titles {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let data = match event.data::<TitleChanged>() {
            Ok(data) => data,
            Err(error) => return Outcome::poison(error),
        };
        match Title::try_from(data) {
            Ok(title) => match self.put(&title, event.sequence).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::retry(error),
            },
            Err(error) => Outcome::poison(error),
        }
    }
}

/// Needs the service's schema alone.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Titles(boot.postgres()?))
}
