//! `cinema.user.export_requested.v1` → this service's part of the copy: the account, how it can sign in, its sessions and its security log.
//! Somebody who is being erased gets none.

use events::{Consumer, Deadline, Event, Export, Outcome};
use runtime::{Access, Boot, BootError};
use stores::{Bucket, StoreError};

use crate::store::{Copies, Erasures};

struct Exporter {
    erasures: Erasures,
    copies: Copies,
    bucket: Bucket,
}

impl Exporter {
    async fn export(&self, export: &Export) -> Result<(), StoreError> {
        if self.erasures.of(export.account).await?.is_some() {
            return Ok(());
        }
        let document = self.copies.of(export.account).await?;
        self.bucket.put(&export.key("auth"), document.to_string().into_bytes(), "application/json", None).await
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

/// Postgres and the bucket of exports.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    let pool = boot.postgres()?;
    Ok(Exporter {
        erasures: Erasures::new(pool.clone()),
        copies: Copies::new(pool),
        bucket: boot.bucket("exports", Access::Write)?,
    })
}
