//! Search over titles: OpenSearch, and Postgres while OpenSearch does not answer.

pub mod criteria;
pub mod document;
pub mod found;
pub mod index;
mod mapping;
pub mod operations;
mod rank;
mod store;
pub mod words;
