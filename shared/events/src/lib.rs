//! Events between services: the CloudEvents envelope, the transactional outbox and what a consumer answers for each record.

pub mod consumer;
pub mod envelope;
pub mod erasure;
pub mod export;
pub mod outbox;
pub mod personal;
mod project;

pub use consumer::{BatchConsumer, Batches, Consumer, DeadLetters, Deadline, Outcome, Record};
pub use envelope::{Event, EventError};
pub use erasure::Erasure;
pub use export::Export;
pub use outbox::{Destination, Letter, Message, Outbox, Transaction};
pub use personal::{EraseAccount, Eraser, ExportAccount, Holdings};
pub use project::project;
