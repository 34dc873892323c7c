//! How many of what was found are of each kind, genre and year.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::document::Document;

/// Counts of everything that was found, on all pages; the most frequent first.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facets {
    /// By what it is: values for `type`.
    pub types: Vec<FacetCount>,
    /// By genre, at most 50: values for `genre`.
    pub genres: Vec<FacetCount>,
    /// By the year in which it first appeared, at most 50: values for `year`.
    pub years: Vec<FacetCount>,
}

/// One value and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FacetCount {
    /// What the query parameter takes.
    pub value: String,
    /// Titles.
    pub count: u64,
}

/// Most values of a facet.
pub(crate) const MOST_VALUES: usize = 50;

impl Facets {
    /// Of documents that are all there are.
    pub(crate) fn of<'a>(documents: impl Iterator<Item = &'a Document> + Clone) -> Self {
        Self {
            types: counts(documents.clone().map(|document| document.kind.as_str().to_owned())),
            genres: counts(documents.clone().flat_map(|document| document.genres.iter().cloned())),
            years: counts(documents.filter_map(|document| document.year).map(|year| year.to_string())),
        }
    }
}

fn counts(values: impl Iterator<Item = String>) -> Vec<FacetCount> {
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    values.for_each(|value| *counted.entry(value).or_default() += 1);
    ordered(counted.into_iter().map(|(value, count)| FacetCount { value, count }).collect())
}

/// The most frequent first; of equals, by value.
pub(crate) fn ordered(mut counts: Vec<FacetCount>) -> Vec<FacetCount> {
    counts.sort_by(|one, other| (Reverse(one.count), &one.value).cmp(&(Reverse(other.count), &other.value)));
    counts.truncate(MOST_VALUES);
    counts
}
