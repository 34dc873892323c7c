//! `PUT /v1/watchlist/{title_id}`: puts a title on the watchlist; again changes nothing.

use cinema_http::{OpenApiRouter, Path, Problem, State, StatusCode, Viewer, routes};
use kernel::{TitleId, World};
use runtime::{Boot, BootError};
use stores::PgPool;

use crate::store::{self, Mark};

#[derive(Clone)]
struct Watchlist {
    pool: PgPool,
    world: World,
}

/// Puts a title on the profile's watchlist.
#[utoipa::path(
    put, path = "/v1/watchlist/{title_id}", tag = "user",
    security(("profile" = [])),
    params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is on the watchlist."), Problem)
)]
async fn add_to_watchlist(
    State(watchlist): State<Watchlist>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    store::mark(&watchlist.pool, &viewer, title, Mark::Listed, watchlist.world.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let watchlist = Watchlist { pool: boot.postgres()?, world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(add_to_watchlist)).with_state(watchlist))
}
