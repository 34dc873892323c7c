//! What is made from the yaml of this repository is up to date. With `CINEMA_GENERATE` in the environment it is written first.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

#[test]
fn generated_files_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if std::env::var_os("CINEMA_GENERATE").is_some() {
        manifest::generated::write(&root).unwrap_or_else(|error| panic!("{error}"));
    }
    if let Err(error) = manifest::generated::check(&root) {
        panic!("{error}");
    }
}
