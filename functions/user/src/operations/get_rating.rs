//! `GET /v1/ratings/{title_id}`: what the profile thinks of a title.

use cinema_http::{Json, Path, Problem, State, Viewer};
use kernel::TitleId;
use serde::Serialize;
use stores::PgPool;
use utoipa::ToSchema;

use crate::{rating::Stars, store::ratings};

runtime::wire! { pub(super) struct GetRating { pool: PgPool } }

/// What a profile thinks of a title.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnRating {
    /// `null`: it has not rated the title.
    #[schema(required)]
    value: Option<Stars>,
}

/// Tells the profile's own rating of a title, also of one that it may not see any more.
#[utoipa::path(
    get, path = "/v1/ratings/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 200, body = OwnRating), Problem)
)]
pub(super) async fn get_rating(
    State(GetRating { pool }): State<GetRating>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<Json<OwnRating>, Problem> {
    let value = ratings::find(&pool, (viewer.account, viewer.profile), title).await?;
    Ok(Json(OwnRating { value }))
}
