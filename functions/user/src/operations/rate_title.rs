//! `PUT /v1/ratings/{title_id}`: what the profile thinks of a title; the last word counts.

use cinema_http::{Json, Path, Problem, State, StatusCode, Viewer};
use events::Outbox;
use kernel::{TitleId, World};
use serde::Deserialize;
use utoipa::ToSchema;

use super::viewpoint;
use crate::{
    rating::Stars,
    store::{ratings, records},
};

runtime::wire! { pub(super) struct RateTitle { outbox: Outbox, world: World } }

/// A rating.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RateTitleRequest {
    value: Stars,
}

/// Rates a title for the profile.
#[utoipa::path(
    put, path = "/v1/ratings/{title_id}", tag = "user", params(("title_id" = TitleId, Path)), request_body = RateTitleRequest,
    responses((status = 204, description = "It is rated."), Problem)
)]
pub(super) async fn rate_title(
    State(RateTitle { outbox, world }): State<RateTitle>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
    Json(request): Json<RateTitleRequest>,
) -> Result<StatusCode, Problem> {
    let viewpoint = viewpoint(viewer, &world);
    outbox
        .transact(async |tx| {
            if ratings::put(tx, &viewpoint, title, request.value).await? {
                records::tell(tx, &world, (viewpoint.account, viewpoint.profile), &[title]).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
