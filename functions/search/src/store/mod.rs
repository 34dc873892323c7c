//! The service's own SQL, one file per table.

pub(crate) mod documents;
pub(crate) mod queries;
pub(crate) mod reindexes;
pub(crate) mod synonyms;
