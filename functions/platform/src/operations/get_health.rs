//! `GET /v1/health`: the running version and where it runs; answers without any engine.

use cinema_http::{Json, Problem, State};
use serde::Serialize;
use utoipa::ToSchema;

/// What is running.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok` whenever the function answers.
    status: &'static str,
    /// Version of the code.
    version: &'static str,
    /// AWS region.
    region: String,
    /// `local`, `dev` or `prod`.
    environment: String,
}

runtime::wire! {
    pub(super) struct GetHealth {
        region: String = |boot| Ok(boot.var("AWS_REGION").unwrap_or_default()),
        environment: String = |boot| Ok(boot.var("CINEMA_ENVIRONMENT").unwrap_or_default()),
    }
}

/// Version, region and environment.
#[utoipa::path(get, path = "/v1/health", tag = "platform", responses((status = 200, body = Health), Problem))]
pub(super) async fn get_health(State(GetHealth { region, environment }): State<GetHealth>) -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION"), region, environment })
}
