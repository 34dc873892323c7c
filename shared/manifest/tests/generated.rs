//! What is made from the yaml of this repository is up to date. With `CINEMA_GENERATE` in the environment it is written first.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use manifest::Plan;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn generated_files_are_up_to_date() {
    let root = root();
    if std::env::var_os("CINEMA_GENERATE").is_some() {
        manifest::generated::write(&root).unwrap_or_else(|error| panic!("{error}"));
    }
    if let Err(error) = manifest::generated::check(&root) {
        panic!("{error}");
    }
}

#[test]
fn only_pictures_are_public() {
    let plan = Plan::of(&manifest::Manifest::load(&root()).unwrap());
    let is_public = |key: &str| plan.buckets["media"].public.iter().any(|keys| keys.matches(key));
    for key in ["ast_1/poster/0a1b.jpg", "ast_1/sprites/0a1b/index.vtt", "artwork/t/a.webp"] {
        assert!(is_public(key), "{key}");
    }
    for key in [
        "ast_1/poster.jpg",
        "ast_1/master.m3u8",
        "ast_1/v720/x/1.m4s",
        "ast_1/v720/poster/0a1b.jpg",
        "ast_1/poster/",
        "ast_1/sprites/",
        "artwork",
    ] {
        assert!(!is_public(key), "{key}");
    }
    let others = plan.buckets.iter().filter(|(name, _)| *name != "media");
    assert!(others.into_iter().all(|(_, bucket)| bucket.public.is_empty()));
}
