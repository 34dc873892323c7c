//! The page in a real browser. Started by `cargo cinema test web`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::process::Command;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo cinema test web`"))
}

#[test]
fn a_viewer_signs_in_and_watches_a_film_frame_by_frame() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/web/play.mjs");
    let status = Command::new(variable("CINEMA_TEST_NODE"))
        .arg(script)
        .env("CINEMA_TEST_EDGE_URL", variable("CINEMA_TEST_EDGE_URL"))
        .env("CINEMA_TEST_STATUS", variable("CINEMA_TEST_STATUS"))
        .env("CINEMA_TEST_BROWSER_DIR", variable("CINEMA_TEST_BROWSER_DIR"))
        .status()
        .expect("node");
    assert!(status.success(), "the browser test failed: {status}");
}
