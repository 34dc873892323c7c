//! `export_requested` → the part of this service, `{export_id}/user.json`. Again gives the same document, or a newer one.

use events::{Consumer, Deadline, Event, Export, Outcome};
use runtime::{Access, Boot, BootError};
use sqlx::PgConnection;
use stores::{Bucket, PgPool, StoreError, postgres::settle};

use crate::store;

struct Exporter {
    pool: PgPool,
    bucket: Bucket,
}

impl Exporter {
    async fn export(&self, export: &Export) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let written = self.write(&mut transaction, export).await;
        settle(transaction, written).await
    }

    /// The lock of `is_erased` is held until the part is written: an erasure that comes meanwhile must find it.
    async fn write(&self, transaction: &mut PgConnection, export: &Export) -> Result<(), StoreError> {
        if store::erasures::is_erased(transaction, export.account).await? {
            return Ok(());
        }
        let Some(holdings) = store::holdings(transaction, export.account).await? else { return Ok(()) };
        let part = serde_json::to_vec_pretty(&holdings).map_err(|error| StoreError::new("exports", error))?;
        self.bucket.put(&export.key("user"), part, "application/json", None).await
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

/// The schema, and the bucket of parts.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Exporter { pool: boot.postgres()?, bucket: boot.bucket("exports", Access::Write)? })
}
