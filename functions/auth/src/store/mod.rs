//! The service's own SQL, one file per table.

pub(crate) mod accounts;
pub(crate) mod codes;
pub(crate) mod copies;
pub(crate) mod credentials;
pub(crate) mod email_changes;
pub(crate) mod erasures;
pub(crate) mod factors;
pub(crate) mod leftovers;
pub(crate) mod mfa_tokens;
pub(crate) mod oauth_links;
pub(crate) mod profiles;
pub(crate) mod recovery_codes;
pub(crate) mod reset_codes;
pub(crate) mod roles;
pub(crate) mod security_events;
pub(crate) mod sessions;
pub(crate) mod totp;
pub(crate) mod tries;

use events::Outbox;
use runtime::{Boot, BootError, Wire};

use crate::mail;

/// An outbox for mails alone.
pub(crate) fn mail_outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::new(boot.postgres()?).queue(mail::QUEUE, boot.queue(mail::QUEUE)?))
}

/// An outbox for events and mails.
pub(crate) fn outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::wire(boot)?.queue(mail::QUEUE, boot.queue(mail::QUEUE)?))
}
