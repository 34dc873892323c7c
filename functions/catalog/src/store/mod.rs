//! The service's own SQL, one file per table.

pub(crate) mod artwork_leavings;
pub(crate) mod artwork_uploads;
pub(crate) mod asset_reports;
pub(crate) mod audit;
pub(crate) mod caption_reports;
pub(crate) mod cards;
pub(crate) mod collections;
pub(crate) mod deleted_titles;
pub(crate) mod episodes;
pub(crate) mod erased_accounts;
pub(crate) mod genres;
pub(crate) mod idempotency_keys;
pub(crate) mod imports;
pub(crate) mod leaving_announcements;
pub(crate) mod persons;
pub(crate) mod provider_pauses;
pub(crate) mod titles;
pub(crate) mod window_edges;

use events::Outbox;
use runtime::{Boot, BootError, Wire};

/// The queue of titles that providers are asked for.
pub(crate) const IMPORTS: &str = "imports";
/// The actor of whatever was done by an account that was erased.
const ERASED: &str = "erased";

/// The outbox of what also asks for titles.
pub(crate) fn imports_outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::wire(boot)?.queue(IMPORTS, boot.queue(IMPORTS)?))
}
