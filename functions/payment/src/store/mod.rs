//! The schema `payment` in Postgres: one file per table.

pub(crate) mod erased_accounts;
pub(crate) mod exports;
pub(crate) mod invoices;
pub(crate) mod ledger;
pub(crate) mod methods;
pub(crate) mod payments;
pub(crate) mod plans;
pub(crate) mod promos;
pub(crate) mod purchases;
pub(crate) mod refunds;
pub(crate) mod subscriptions;
pub(crate) mod title_prices;
pub(crate) mod titles;
pub(crate) mod webhooks;

use events::Outbox;
use runtime::{Boot, BootError, Wire};

/// The queue on which providers' notices wait to be applied.
pub(crate) const WEBHOOKS: &str = "webhooks";

/// The outbox with every destination.
pub(crate) fn outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::wire(boot)?.queue(WEBHOOKS, boot.queue(WEBHOOKS)?))
}

/// The outbox of what only keeps notices.
pub(crate) fn webhooks_outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::new(boot.postgres()?).queue(WEBHOOKS, boot.queue(WEBHOOKS)?))
}

/// A count or number that a column keeps signed.
pub(crate) fn number<T: TryFrom<i32>>(value: i32) -> Result<T, sqlx::Error>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(value).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The same the other way round; what does not fit is the largest.
pub(crate) fn column(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
