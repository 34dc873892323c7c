//! Five thousand titles through the processes of `search-index-title`, `search-titles`, `search-suggest`, `catalog-list-titles` and
//! `catalog-get-title`: `cargo cinema bench search`. It fails at an answer that is not 2xx or finds nothing, and prints what is over its bound.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

mod bound;
mod catalog;
mod engine;
mod index;
mod questions;
mod search;

use testkit::films::{self, Film};

use bound::Bounds;

const TITLES: usize = 5_000;

/// The real ones first.
fn all_films() -> Vec<Film> {
    let mut all = films::real();
    let made_up = films::made_up(TITLES - all.len(), &all);
    all.extend(made_up);
    all
}

#[tokio::main]
async fn main() {
    let films = all_films();
    let mut bounds = Bounds::default();
    let library = index::fill(&films, &mut bounds).await;
    search::measure(&library, &films, &mut bounds).await;
    library.close().await;
    catalog::measure(&films, &mut bounds).await;
    bounds.print();
}
