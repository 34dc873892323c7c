//! `GET /v1/continue-watching`: what the profile has begun and not finished, and the next episode of what it has.

use cinema_http::{Cached, HeaderMap, OpenApiRouter, Page, Problem, Query, State, Viewer, routes};
use runtime::{Boot, BootError};

use crate::{
    shelf::{Part, Shelf},
    store::{Continued, Reader},
};

/// What the profile can watch on, last watched first: begun (5 %), not finished (90 %), longer than five minutes. Of a series one episode; a
/// finished one offers the next of its season, or the first of the next season.
#[utoipa::path(
    get, path = "/v1/continue-watching", tag = "user",
    security(("profile" = [])),
    params(Part),
    responses((status = 200, body = Page<Continued>), (status = 304, description = "Not changed."), Problem)
)]
async fn list_continue_watching(
    State(shelf): State<Shelf>,
    viewer: Viewer,
    Query(part): Query<Part>,
    headers: HeaderMap,
) -> Result<Cached<Page<Continued>>, Problem> {
    let page = shelf.page("user-list-continue-watching", &viewer, &part, Reader::continuing).await?;
    Ok(Cached::private(page, &headers))
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(list_continue_watching)).with_state(Shelf::new(boot)?))
}
