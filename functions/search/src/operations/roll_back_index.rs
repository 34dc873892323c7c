//! `POST /v1/admin/search/rollback`: the index that was live before becomes live again.

use cinema_http::{Admin, Json, Problem, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{index::Index, problems};

runtime::wire! { pub(super) struct RollBackIndex { index: Index = |boot| Index::new(boot, super::PATIENCE) } }

/// Which index searches read, and which can take its place.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RolledBack {
    /// Searches read it from now on.
    live: String,
    /// It was live until now and goes on getting every edit.
    previous: String,
}

/// Exchanges the live index and the one before, at once and for all searches. No edit is lost: both get them. Repeating it exchanges them again.
#[utoipa::path(
    post, path = "/v1/admin/search/rollback", tag = "search",
    responses((status = 200, body = RolledBack), Problem)
)]
pub(super) async fn roll_back_index(State(state): State<RollBackIndex>, _: Admin) -> Result<Json<RolledBack>, Problem> {
    let (live, previous) = state.index.roll_back().await?.ok_or_else(problems::no_previous_index)?;
    Ok(Json(RolledBack { live, previous }))
}
