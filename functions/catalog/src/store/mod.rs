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
pub(crate) mod leaving_announcements;
pub(crate) mod persons;
pub(crate) mod titles;
pub(crate) mod window_edges;
