//! The service's own SQL, one file per table.

pub(crate) mod deliveries;
