//! `GET /v1/health`: the running version and where it runs; answers without any engine.

use cinema_http::{Json, OpenApiRouter, Problem, State, routes};
use runtime::{Boot, BootError};
use serde::Serialize;
use utoipa::ToSchema;

/// What is running.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Health {
    /// `ok` whenever the function answers.
    status: &'static str,
    /// Version of the code.
    version: &'static str,
    /// AWS region.
    region: String,
    /// `local`, `dev` or `prod`.
    environment: String,
}

/// Version, region and environment.
#[utoipa::path(get, path = "/v1/health", tag = "platform", responses((status = 200, body = Health), Problem))]
async fn get_health(State(health): State<Health>) -> Json<Health> {
    Json(health)
}

/// Needs no client.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        region: boot.var("AWS_REGION").unwrap_or_default(),
        environment: boot.var("CINEMA_ENVIRONMENT").unwrap_or_default(),
    };
    Ok(OpenApiRouter::new().routes(routes!(get_health)).with_state(health))
}
