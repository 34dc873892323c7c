//! `PUT /v1/watchlist/{title_id}`: puts a title on the watchlist. Repeating it changes nothing.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use kernel::{TitleId, World};
use sqlx::PgPool;

use super::viewpoint;
use crate::store::watchlist;

runtime::wire! { pub(super) struct AddToWatchlist { pool: PgPool, world: World } }

/// Puts a title on the profile's watchlist.
#[utoipa::path(
    put, path = "/v1/watchlist/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is on the watchlist."), Problem)
)]
pub(super) async fn add_to_watchlist(
    State(AddToWatchlist { pool, world }): State<AddToWatchlist>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    watchlist::add(&pool, &viewpoint(viewer, &world), title).await?;
    Ok(StatusCode::NO_CONTENT)
}
