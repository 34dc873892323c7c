//! `DELETE /v1/ratings/{title_id}`: takes a rating back.

use cinema_http::{OpenApiRouter, Path, Problem, State, StatusCode, Viewer, routes};
use kernel::TitleId;
use runtime::{Boot, BootError};
use stores::PgPool;

use crate::store;

/// Takes the profile's rating of a title back.
#[utoipa::path(
    delete, path = "/v1/ratings/{title_id}", tag = "user",
    security(("profile" = [])),
    params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
async fn unrate_title(
    State(pool): State<PgPool>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    store::unrate(&pool, &viewer, title).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(unrate_title)).with_state(boot.postgres()?))
}
