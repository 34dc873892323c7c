//! `DELETE /v1/watchlist/{title_id}`: takes a title off the watchlist, also one that cannot be seen any more.

use cinema_http::{OpenApiRouter, Path, Problem, State, StatusCode, Viewer, routes};
use kernel::TitleId;
use runtime::{Boot, BootError};
use stores::PgPool;

use crate::store;

/// Takes a title off the watchlist.
#[utoipa::path(
    delete, path = "/v1/watchlist/{title_id}", tag = "user",
    security(("profile" = [])),
    params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
async fn remove_from_watchlist(
    State(pool): State<PgPool>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    store::unlist(&pool, &viewer, title).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(remove_from_watchlist)).with_state(boot.postgres()?))
}
