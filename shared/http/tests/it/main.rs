//! What every HTTP operation gets from this crate, asked over a router in process; no engine is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod edge;
mod pages;
mod proof;
mod token;

use cinema_http::{OpenApiRouter, finish};
use runtime::{Boot, Vars};
use testkit::App;

/// An application of these routes behind an edge.
fn behind_the_edge(routes: OpenApiRouter) -> App {
    let vars = Vars::default().set("JWKS_URL", testkit::token::jwks_url());
    let vars = vars.set("ORIGIN_VERIFY", testkit::http::ORIGIN_VERIFY).set("DEFAULT_TERRITORY", "RU");
    App::new(finish(&Boot::recording_with(vars), routes).unwrap())
}
