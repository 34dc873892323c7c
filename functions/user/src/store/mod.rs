//! The schema `user` in Postgres: one file per table or list.

pub(crate) mod accounts;
pub(crate) mod archives;
pub(crate) mod continue_watching;
pub(crate) mod entitlements;
pub(crate) mod erased_accounts;
pub(crate) mod exports;
pub(crate) mod history;
pub(crate) mod import_files;
pub(crate) mod import_lines;
pub(crate) mod import_titles;
pub(crate) mod imported;
pub(crate) mod imports;
pub(crate) mod lists;
pub(crate) mod profiles;
pub(crate) mod purchases;
pub(crate) mod ratings;
pub(crate) mod records;
pub(crate) mod subscriptions;
pub(crate) mod titles;
pub(crate) mod viewings;
pub(crate) mod watchlist;

use events::{Destination, Event, Message, Outbox};
use runtime::{Boot, BootError, Wire};

/// Carries digests of PINs, which never touch a stream.
const PROFILE_SECRETS: &str = "profile-secrets";

/// The outbox of functions that also change PINs.
pub(crate) fn outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::wire(boot)?.queue(PROFILE_SECRETS, boot.queue(PROFILE_SECRETS)?))
}

/// A message with the digest of a PIN.
pub(crate) fn secret(event: &Event) -> Message {
    Message::event_to(Destination::Sqs(PROFILE_SECRETS.to_owned()), event)
}
