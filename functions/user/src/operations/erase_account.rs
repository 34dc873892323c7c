//! `erasure_requested` → everything about the account and all its profiles goes. The receipt names the profiles: it is what the other services
//! begin with.
//!
//! Copies that were made for the person go with it, and once more when a service that writes parts of them has erased its own: it may have been
//! writing one meanwhile.

use std::collections::BTreeSet;

use events::{Consumer, Deadline, Erasure, Event, Letter, Outbox, Outcome, outbox::Posted};
use kernel::World;
use proto::{auth::AccountErased, types};
use runtime::{Access, Boot, BootError};
use sqlx::PgConnection;
use stores::{Bucket, PgPool, StoreError};

use crate::store::{self, erasures};

struct Eraser {
    pool: PgPool,
    outbox: Outbox,
    exports: Bucket,
    world: World,
}

/// What could not be done now.
#[derive(Debug, thiserror::Error)]
enum EraseError {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Eraser {
    async fn erase(&self, erasure: Erasure) -> Result<(), EraseError> {
        let mut transaction = self.pool.begin().await?;
        let posted = self.apply(&mut transaction, erasure).await;
        self.outbox.settle(transaction, posted.map(|posted| ((), posted))).await
    }

    async fn apply(&self, transaction: &mut PgConnection, mut erasure: Erasure) -> Result<Posted, EraseError> {
        let erased = erasures::erase(transaction, erasure.account, self.world.now()).await?;
        self.drop_copies(&erased.exports).await?;
        // A repetition knows the profiles from the request alone.
        let profiles: BTreeSet<_> = erasure.profiles.iter().chain(&erased.profiles).copied().collect();
        erasure.profiles = profiles.into_iter().collect();
        let records = u64::try_from(erased.records).unwrap_or_default();
        let receipt = erasure.receipt(&self.world, types::USER_ACCOUNT_ERASED, records, erased.erased_at);
        Ok(self.outbox.post(transaction, [Letter::event(&receipt)]).await?)
    }

    /// Another service has erased what it held: no part of a copy can come from it any more.
    async fn sweep(&self, data: &AccountErased) -> Result<(), EraseError> {
        let Ok(account) = data.account_id.parse() else { return Ok(()) };
        let mut connection = self.pool.acquire().await.map_err(EraseError::Sql)?;
        let erased = erasures::find(&mut connection, account).await?;
        Ok(self.drop_copies(&erased.map(|erased| erased.exports).unwrap_or_default()).await?)
    }

    async fn drop_copies(&self, exports: &[String]) -> Result<(), StoreError> {
        let failed = |error: &dyn std::error::Error| StoreError { engine: "s3", detail: error.to_string() };
        for export in exports {
            let list = self.exports.client.list_objects_v2().bucket(&self.exports.name).prefix(format!("{export}/"));
            let listed = list.send().await.map_err(|error| failed(&error))?;
            for key in listed.contents().iter().filter_map(|object| object.key()) {
                let delete = self.exports.client.delete_object().bucket(&self.exports.name).key(key);
                delete.send().await.map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }
}

impl Consumer<Event> for Eraser {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        if event.kind == types::ERASURE_REQUESTED {
            return Erasure::consume(&event, |erasure| self.erase(erasure)).await;
        }
        match event.data() {
            Ok(data) => self.sweep(&data).await.map_or_else(Outcome::retry, |()| Outcome::Done),
            Err(error) => Outcome::poison(error),
        }
    }
}

/// The schema, its outbox, and the bucket of exports.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Eraser {
        pool: boot.postgres()?,
        outbox: store::public_outbox(boot)?,
        exports: boot.bucket("exports", Access::ReadWrite)?,
        world: boot.world(),
    })
}
