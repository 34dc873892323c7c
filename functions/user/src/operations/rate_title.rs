//! `PUT /v1/ratings/{title_id}`: what the profile thinks of a title; the last word counts.

use cinema_http::{Json, OpenApiRouter, Path, Problem, State, StatusCode, Viewer, routes};
use kernel::{TitleId, World};
use runtime::{Boot, BootError};
use serde::Deserialize;
use stores::PgPool;
use utoipa::ToSchema;

use crate::{
    rating::Stars,
    store::{self, Mark},
};

#[derive(Clone)]
struct Ratings {
    pool: PgPool,
    world: World,
}

/// A rating.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opinion {
    value: Stars,
}

/// Rates a title for the profile.
#[utoipa::path(
    put, path = "/v1/ratings/{title_id}", tag = "user",
    security(("profile" = [])),
    params(("title_id" = TitleId, Path)),
    request_body = Opinion,
    responses((status = 204, description = "It is rated."), Problem)
)]
async fn rate_title(
    State(ratings): State<Ratings>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
    Json(opinion): Json<Opinion>,
) -> Result<StatusCode, Problem> {
    let mark = Mark::Rated(opinion.value);
    store::mark(&ratings.pool, &viewer, title, mark, ratings.world.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let ratings = Ratings { pool: boot.postgres()?, world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(rate_title)).with_state(ratings))
}
