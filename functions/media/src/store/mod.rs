//! Table `assets`: a partition for each asset with its item and its ledger, one for each title with its films and captions, one for each upload, one for
//! each idempotency key.

pub mod accounts;
pub mod assets;
pub mod captions;
pub mod due;
pub mod jobs;
pub mod removals;
pub mod titles;
pub mod uploads;
mod versioned;

pub use versioned::{Changed, MOST_CONFLICTS, TooManyConflicts};
