//! The page in a real browser. Started by `cargo cinema test web`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{process::Command, sync::Mutex};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo cinema test web`"))
}

/// Runs a script of this folder.
fn visit(script: &str) {
    // A film must not stutter because another browser starts.
    static ONE_BROWSER: Mutex<()> = Mutex::new(());
    let _turn = ONE_BROWSER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let status = Command::new(variable("CINEMA_TEST_NODE"))
        .arg(format!("{}/tests/web/{script}", env!("CARGO_MANIFEST_DIR")))
        .env("CINEMA_TEST_EDGE_URL", variable("CINEMA_TEST_EDGE_URL"))
        .env("CINEMA_TEST_STATUS", variable("CINEMA_TEST_STATUS"))
        .env("CINEMA_TEST_BROWSER_DIR", variable("CINEMA_TEST_BROWSER_DIR"))
        .status()
        .expect("node");
    assert!(status.success(), "{script} failed: {status}");
}

#[test]
fn a_viewer_signs_in_and_watches_a_film_frame_by_frame() {
    visit("play.mjs");
}

#[test]
fn a_viewer_signs_in_through_another_provider_and_with_a_second_factor() {
    visit("sign_in.mjs");
}
