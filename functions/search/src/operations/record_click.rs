//! `POST /v1/search/clicks`: a result was opened. Nobody is named: only which search and which title.

use cinema_http::{Json, Problem, State, StatusCode};
use kernel::{QueryId, TitleId, World};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::store::queries;

runtime::wire! { pub(super) struct RecordClick { pool: PgPool, world: World } }

/// The engine looks no further.
const LAST_POSITION: u16 = 10_000;

/// Which result was opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordClickRequest {
    /// From the answer in which it was.
    query_id: QueryId,
    title_id: TitleId,
    /// Its place over all pages, from 1.
    #[schema(minimum = 1, maximum = 10_000)]
    position: u16,
}

/// Counts for the relevance of answers. A title counts once for each search; what belongs to no search of the last day is left out silently.
#[utoipa::path(
    post, path = "/v1/search/clicks", tag = "search", request_body = RecordClickRequest,
    responses((status = 202), Problem)
)]
pub(super) async fn record_click(
    State(state): State<RecordClick>,
    Json(click): Json<RecordClickRequest>,
) -> Result<StatusCode, Problem> {
    if !(1..=LAST_POSITION).contains(&click.position) {
        return Err(Problem::invalid("position", format!("must be a number from 1 to {LAST_POSITION}")));
    }
    queries::click(&state.pool, click.query_id, click.title_id, click.position, state.world.now()).await?;
    Ok(StatusCode::ACCEPTED)
}
