//! Search over titles: OpenSearch, and Postgres while OpenSearch does not answer.

mod asked;
pub mod criteria;
pub mod document;
pub mod facets;
mod forms;
pub mod found;
pub mod index;
mod layout;
mod mapping;
pub mod operations;
pub mod order;
mod problems;
mod query;
mod rank;
pub mod reindex;
mod relevance;
mod sound;
mod spelling;
mod store;
mod synonyms;
pub mod words;
