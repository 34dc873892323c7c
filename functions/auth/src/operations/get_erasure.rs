//! `GET /v1/auth/erasures/{id}`: which service has erased how much, for whoever knows the address that the request was answered with.

use cinema_http::{Json, OpenApiRouter, Path, Problem, Query, State, routes};
use kernel::ErasureId;
use runtime::{Boot, BootError};
use serde::Deserialize;

use crate::{
    erasure::{self, Progress},
    pepper::Pepper,
    store::Erasures,
};

/// Made together with the address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenQuery {
    #[serde(default)]
    token: String,
}

#[derive(Clone)]
struct Desk {
    erasures: Erasures,
    pepper: Pepper,
}

/// How far the erasure has come; 404 without the right token.
#[utoipa::path(get, path = "/v1/auth/erasures/{id}", tag = "auth", security(("url_token" = [])),
    params(("id" = ErasureId, Path), ("token" = String, Query)), responses((status = 200, body = Progress), Problem))]
async fn get_erasure(
    State(desk): State<Desk>,
    Path(id): Path<ErasureId>,
    Query(TokenQuery { token }): Query<TokenQuery>,
) -> Result<Json<Progress>, Problem> {
    let is_right = erasure::is_token(&desk.pepper.hasher().await?, id, &token);
    let progress = if is_right { desk.erasures.progress(id).await? } else { None };
    progress.map(Json).ok_or_else(|| Problem::not_found("erasure"))
}

/// Postgres and the pepper.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let desk = Desk { erasures: Erasures::new(boot.postgres()?), pepper: Pepper::wire(boot)? };
    Ok(OpenApiRouter::new().routes(routes!(get_erasure)).with_state(desk))
}
