//! `GET /v1/history`: what the profile has watched, last first.

use cinema_http::{Cached, HeaderMap, OpenApiRouter, Page, Problem, Query, State, Viewer, routes};
use runtime::{Boot, BootError};

use crate::{
    shelf::{Part, Shelf},
    store::{Reader, Watched},
};

/// What the profile has watched: every title once. Titles that it may not see now are left out.
#[utoipa::path(
    get, path = "/v1/history", tag = "user",
    security(("profile" = [])),
    params(Part),
    responses((status = 200, body = Page<Watched>), (status = 304, description = "Not changed."), Problem)
)]
async fn list_history(
    State(shelf): State<Shelf>,
    viewer: Viewer,
    Query(part): Query<Part>,
    headers: HeaderMap,
) -> Result<Cached<Page<Watched>>, Problem> {
    let page = shelf.page("user-list-history", &viewer, &part, Reader::history).await?;
    Ok(Cached::private(page, &headers))
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(list_history)).with_state(Shelf::new(boot)?))
}
