//! `DELETE /v1/watchlist/{title_id}`: takes a title off the watchlist, also one that cannot be seen any more.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use kernel::TitleId;
use sqlx::PgPool;

use crate::store::watchlist;

pub(super) type RemoveFromWatchlist = PgPool;

/// Takes a title off the watchlist.
#[utoipa::path(
    delete, path = "/v1/watchlist/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
pub(super) async fn remove_from_watchlist(
    State(pool): State<RemoveFromWatchlist>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    watchlist::remove(&pool, (viewer.account, viewer.profile), title).await?;
    Ok(StatusCode::NO_CONTENT)
}
