//! What to watch next: a model of what is watched together, rows of a home page that say why, and what profiles think of titles.
//!
//! Nothing is shown that a profile has seen, refused or may not see. Of a profile the table holds the whole history; a model holds nobody's.

pub mod algorithm;
pub mod answer;
pub mod artefact;
pub mod catalogue;
pub mod content;
mod copy;
pub mod dataset;
pub mod ease;
pub mod experiment;
mod exposures;
mod factors;
pub mod feedback;
pub mod gate;
pub mod home;
pub mod ials;
pub mod learner;
pub mod learnt;
pub mod library;
pub mod limits;
mod listing;
pub mod measure;
mod millis;
pub mod model;
pub mod operations;
pub mod parameters;
mod places;
mod problems;
pub mod record;
pub mod related;
pub mod scoring;
pub mod selection;
pub mod serving;
mod slug;
mod store;
pub mod taste;
pub mod title;
pub mod training;
pub mod viewing;
mod weights;
