//! Data about people: how a service gives a copy of what it holds, and how it forgets.
//!
//! A service that begins to hold such data writes [`Holdings`] for its part of the copy and [`Eraser`] for the erasure; the consumers around
//! them are here, once. Its operations are then
//!
//! ```ignore
//! pub type ExportAccount = events::ExportAccount<Records>;
//! pub type EraseAccount = events::EraseAccount<Records>;
//! ```
//! where `Records` is what `runtime::wire!` builds. The service is listed in `docs/architecture/personal-data.md`, which a test holds against the
//! manifests, and in `user::export::PARTS`, for which an archive waits. Where the outbox is in Postgres, the erasure and its receipt are one
//! transaction: those services consume [`Erasure`] themselves.

use std::future::Future;

use kernel::World;
use serde_json::Value;
use stores::{Bucket, StoreError, Stream};

use crate::{Consumer, Deadline, Erasure, Event, Export, Outcome, project};

/// What a service holds on a person.
pub trait Holdings: Send + Sync + 'static {
    /// The service: its part of a copy lies under this name.
    const SERVICE: &'static str;

    /// Whether the person was erased here. Where an erasure runs at this moment, the answer waits for its end if it can.
    fn is_erased(&self, export: &Export) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Everything that is held; `None` for an account that was never heard of. The archive waits for the part of every service: one that holds
    /// nothing about a known account says so in its part.
    fn copy(&self, export: &Export) -> impl Future<Output = Result<Option<Value>, StoreError>> + Send;
}

/// `export_requested` → a service's part of the copy, `{export_id}/{service}.json` in the bucket `exports`.
#[derive(Clone)]
pub struct ExportAccount<H> {
    holdings: H,
    bucket: Bucket,
}

impl<H: Holdings> ExportAccount<H> {
    /// Writes into the bucket `exports`.
    pub fn new(holdings: H, bucket: Bucket) -> Self {
        Self { holdings, bucket }
    }

    async fn export(&self, export: Export) -> Result<(), StoreError> {
        if self.holdings.is_erased(&export).await? {
            return Ok(());
        }
        let Some(copy) = self.holdings.copy(&export).await? else { return Ok(()) };
        let part = serde_json::to_vec_pretty(&copy).map_err(|error| StoreError::new("exports", error))?;
        let key = export.key(H::SERVICE);
        self.bucket.put(&key, part, "application/json", None).await?;
        // An erasure that ran meanwhile may have looked for the part before it was there.
        if self.holdings.is_erased(&export).await? {
            self.bucket.delete(&key).await?;
        }
        Ok(())
    }
}

impl<H: Holdings> Consumer<Event> for ExportAccount<H> {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Export::read, async |export| self.export(export).await).await
    }
}

/// Forgets people in a store other than Postgres.
pub trait Eraser: Send + Sync + 'static {
    /// The type of the service's receipt.
    const RECEIPT: &'static str;

    /// Forgets the person and keeps a tombstone against what is told of them late; says how many records went. A repetition says the same.
    fn erase(&self, erasure: &Erasure) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The user service's receipt → the person is forgotten here as well, and this service's receipt says so.
#[derive(Clone)]
pub struct EraseAccount<E> {
    eraser: E,
    events: Stream,
    world: World,
}

impl<E: Eraser> EraseAccount<E> {
    /// Puts receipts on the stream `domain-events`.
    pub fn new(eraser: E, events: Stream, world: World) -> Self {
        Self { eraser, events, world }
    }

    async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let records = self.eraser.erase(&erasure).await?;
        erasure.confirm(&self.events, &self.world, E::RECEIPT, records).await
    }
}

impl<E: Eraser> Consumer<Event> for EraseAccount<E> {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, Erasure::read, async |erasure| self.erase(erasure).await).await
    }
}

#[cfg(test)]
mod tests {
    use kernel::ExportId;
    use proto::{types, user::ExportRequested};
    use serde_json::json;

    use super::*;

    struct Held {
        is_erased: bool,
        copy: Option<Value>,
    }

    impl Holdings for Held {
        const SERVICE: &'static str = "test";

        async fn is_erased(&self, _: &Export) -> Result<bool, StoreError> {
            Ok(self.is_erased)
        }

        async fn copy(&self, _: &Export) -> Result<Option<Value>, StoreError> {
            Ok(self.copy.clone())
        }
    }

    fn requested(account: impl ToString) -> Event {
        let world = World::system();
        let id: ExportId = world.id();
        let data = ExportRequested {
            export_id: id.to_string(),
            account_id: account.to_string(),
            ..ExportRequested::default()
        };
        Event::new(&world, types::EXPORT_REQUESTED, id, 1, &data)
    }

    /// With a bucket that nobody can reach.
    async fn ask(held: Held, event: Event) -> Outcome {
        let keys = stores::aws::Keys { id: "id".to_owned(), secret: "secret".to_owned(), session: None };
        let aws = stores::Aws::new("eu-central-1".to_owned(), keys, Some("http://127.0.0.1:1".to_owned()));
        let consumer = ExportAccount::new(held, Bucket::new(&aws, "exports".to_owned()));
        consumer.consume(event, &Deadline::unlimited(World::system())).await
    }

    #[tokio::test]
    async fn only_somebody_of_whom_something_is_held_gets_a_part() {
        let event = requested(World::system().id::<kernel::AccountId>());
        let copy = Some(json!({}));
        assert_eq!(ask(Held { is_erased: true, copy: copy.clone() }, event.clone()).await, Outcome::Done);
        assert_eq!(ask(Held { is_erased: false, copy: None }, event.clone()).await, Outcome::Done);
        assert!(matches!(ask(Held { is_erased: false, copy: copy.clone() }, event).await, Outcome::Retry(_)));
        let nobody = requested("nobody");
        assert!(matches!(ask(Held { is_erased: false, copy }, nobody).await, Outcome::Poison(_)));
    }
}
