//! Five thousand titles through the processes of `search-index-title`, `search-titles`, `search-suggest`, `catalog-list-titles` and
//! `catalog-get-title`: `cargo cinema bench search`. It fails at an answer that is not 2xx or finds nothing, and prints what is over its bound.
//!
//! Arguments: the folder of the programs that are measured, then `search` or `catalog`; none: both.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

mod bound;
mod catalog;
mod engine;
mod index;
mod questions;
mod search;

use std::path::PathBuf;

use testkit::{
    Function,
    films::{self, Film},
};

use bound::Bounds;

const TITLES: usize = 5_000;

/// The programs that are measured; others are those beside this one.
pub struct Measured {
    folder: PathBuf,
}

impl Measured {
    /// Starts one with these variables.
    pub async fn start(&self, name: &str, variables: &[(String, String)]) -> Function {
        Function::start_from(self.folder.join(name), name, variables).await
    }
}

/// The real ones first.
fn all_films() -> Vec<Film> {
    let mut all = films::real();
    let made_up = films::made_up(TITLES - all.len(), &all);
    all.extend(made_up);
    all
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let measured = Measured { folder: arguments.next().expect("the folder of the programs").into() };
    let parts: Vec<String> = arguments.collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let films = all_films();
    let mut bounds = Bounds::default();
    if is_wanted("search") {
        let library = index::fill(&measured, &films, &mut bounds).await;
        search::measure(&measured, &library, &films, &mut bounds).await;
        library.close().await;
    }
    if is_wanted("catalog") {
        catalog::measure(&measured, &films, &mut bounds).await;
    }
    bounds.print();
}
