//! The schema `notification` in Postgres: one file per table.

pub(crate) mod accounts;
pub(crate) mod campaigns;
pub(crate) mod deliveries;
pub(crate) mod devices;
pub(crate) mod episodes;
pub(crate) mod erased_accounts;
pub(crate) mod holdings;
pub(crate) mod leavings;
pub(crate) mod notifications;
pub(crate) mod preferences;
pub(crate) mod subscriptions;
pub(crate) mod suppressions;
pub(crate) mod titles;
pub(crate) mod viewings;
pub(crate) mod watchlist;
pub(crate) mod wordings;

use events::Outbox;
use runtime::{Boot, BootError};

/// The queue of notification-send-email.
pub(crate) const EMAIL: &str = "email";
/// The queue of notification-send-push.
pub(crate) const PUSH: &str = "push";

/// The outbox of functions that hand out deliveries.
pub(crate) fn deliveries_outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::new(boot.postgres()?).queue(EMAIL, boot.queue(EMAIL)?).queue(PUSH, boot.queue(PUSH)?))
}

/// The outbox of the relay: everything that a function of the service may have left behind.
pub(crate) fn outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(deliveries_outbox(boot)?.stream("domain-events", boot.stream("domain-events")?))
}
