//! From an operation's routes to a running function.

use std::{process::ExitCode, sync::Arc};

use axum::Router;
use runtime::{Boot, BootError};
use utoipa_axum::router::OpenApiRouter;

use crate::{Gate, layers};

/// The router of some routes with everything around it; tests call it in process.
///
/// # Errors
/// When a variable that every HTTP function needs is missing.
pub fn finish(boot: &Boot, routes: OpenApiRouter) -> Result<Router, BootError> {
    let (router, _) = routes.split_for_parts();
    let gate = Arc::new(Gate::new(boot)?);
    let warm = gate.clone();
    boot.also_warm(async move { warm.verifier.warm().await });
    Ok(layers::wrap(router, gate))
}

/// Serves an operation behind API Gateway.
pub fn serve(routes: fn(&Boot) -> Result<OpenApiRouter, BootError>) -> ExitCode {
    runtime::run(|boot| finish(boot, routes(boot)?), |router, _| lambda_http::run(router))
}
