//! `DELETE /v1/ratings/{title_id}`: takes a rating back.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use kernel::TitleId;
use sqlx::PgPool;

use crate::store::ratings;

pub(super) type UnrateTitle = PgPool;

/// Takes the profile's rating of a title back.
#[utoipa::path(
    delete, path = "/v1/ratings/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
pub(super) async fn unrate_title(
    State(pool): State<UnrateTitle>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    ratings::remove(&pool, (viewer.account, viewer.profile), title).await?;
    Ok(StatusCode::NO_CONTENT)
}
