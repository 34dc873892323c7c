//! Events between services: the CloudEvents envelope, the transactional outbox and what a consumer answers for each record.

pub mod consumer;
pub mod contracts;
mod ended_sessions;
pub mod envelope;
pub mod outbox;
pub mod personal;
mod project;

pub use consumer::{BatchConsumer, Batches, Consumer, DeadLetters, Deadline, Outcome, Record};
pub use contracts::{
    Account, Asset, Captions, ContractError, EndingRental, Entitlements, Erasure, Export, Exposure, FinishedExport,
    HidingChange, HistoryErased, NextTerms, Payment, Playback, PlayerSample, Profile, ProfileSecret, Purchase, Receipt,
    RefreshReused, Renewal, RentalBegun, SessionEnded, Subscription, Title, TitleLeaving, TitleRecord, Trial,
    WatchlistChange,
};
pub use ended_sessions::{EndedSessions, ProjectSessions};
pub use envelope::{Event, EventError};
pub use outbox::{Destination, Message, Outbox, Transaction};
pub use personal::{EraseAccount, Eraser, ExportAccount, Holdings};
pub use project::project;
