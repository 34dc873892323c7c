//! `GET /v1/watchlist`: what the profile wants to watch, newest first, as far as it may see it now.

use cinema_http::{Cached, HeaderMap, OpenApiRouter, Page, Problem, Query, State, Viewer, routes};
use runtime::{Boot, BootError};

use crate::{
    shelf::{Part, Shelf},
    store::{Listed, Reader},
};

/// The profile's watchlist. Titles that it may not see now are left out; they come back when it may.
#[utoipa::path(
    get, path = "/v1/watchlist", tag = "user",
    security(("profile" = [])),
    params(Part),
    responses((status = 200, body = Page<Listed>), (status = 304, description = "Not changed."), Problem)
)]
async fn list_watchlist(
    State(shelf): State<Shelf>,
    viewer: Viewer,
    Query(part): Query<Part>,
    headers: HeaderMap,
) -> Result<Cached<Page<Listed>>, Problem> {
    let page = shelf.page("user-list-watchlist", &viewer, &part, Reader::watchlist).await?;
    Ok(Cached::private(page, &headers))
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(list_watchlist)).with_state(Shelf::new(boot)?))
}
