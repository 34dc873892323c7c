//! `cinema.user.export_requested.v1` → this service's part of the copy. Somebody who was erased meanwhile gets none.

use events::{Consumer, Deadline, Event, Export, Outcome};
use runtime::{Access, Boot, BootError};
use stores::{Bucket, StoreError};

use crate::{copy, store::Store};

/// Copies what is held of people.
struct Exporter {
    store: Store,
    bucket: Bucket,
}

impl Exporter {
    async fn export(&self, export: &Export) -> Result<(), StoreError> {
        if self.store.is_erased(export.account).await? {
            return Ok(());
        }
        let held = self.store.held(export.account, &export.profiles).await?;
        let body = copy::document(&held).to_string().into_bytes();
        self.bucket.put(&export.key("streaming"), body, "application/json", None).await
    }
}

impl Consumer<Event> for Exporter {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        match Export::read(&event) {
            Err(reason) => Outcome::Poison(reason),
            Ok(export) => self.export(&export).await.map_or_else(Outcome::retry, |()| Outcome::Done),
        }
    }
}

/// Reads the table and writes the bucket of exports.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    let store = Store::new(boot.table("playback", Access::Read)?);
    Ok(Exporter { store, bucket: boot.bucket("exports", Access::Write)? })
}
