//! The table `playback`, single-table: what a start needs lies in one batch read, what it changes in one transaction.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `account#acc_…` | `grant` | the entitlement, projected |
//! | `account#acc_…` | `slots` | all stream-slot leases, with a version |
//! | `account#acc_…` | `answer#…` | the answer to an Idempotency-Key, for a day |
//! | `title#ttl_…` | `rules` | rules and film, projected |
//! | `profile#prf_…` | `position#ttl_…` | where the profile stopped |
//! | `session#pbs_…` | `session` | the session, while it lives and for a week |
//! | `login#ses_…` | `ended` | a login session that has ended, for an hour |
//! | `erased#…` | `erased` | digest of an account that was erased |
//!
//! The index `due` holds live sessions by the end of their lease.
//!
//! An account that was erased is refused late grants and first starts by its tombstone.

pub mod active;
pub mod due;
pub mod ended_logins;
pub mod erasure;
pub mod export;
pub mod grants;
mod keys;
pub mod positions;
pub mod sessions;
pub mod titles;

use stores::{StoreError, table::WriteError};

/// A write whose condition does not hold is not needed: something newer is known, or there is nothing left to change.
fn unless_needless(written: Result<(), WriteError>) -> Result<(), StoreError> {
    match written {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
