//! `GET /v1/playback/positions/{title_id}`: where the profile stopped, and where the next session would begin.

use cinema_http::{Json, OpenApiRouter, Path, Problem, State, Viewer, routes};
use kernel::TitleId;
use runtime::{Access, Boot, BootError};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::store::Store;

/// A place in a title.
#[derive(Debug, Serialize, ToSchema)]
struct Place {
    /// The title.
    title_id: TitleId,
    /// Seconds from the beginning; 0 when the profile has not begun.
    position: f64,
    /// Seconds from the beginning at which the next session begins: 0 once the title was seen.
    resume_at: f64,
    /// Seconds in all; 0 when unknown.
    duration: f64,
    /// Whether at least 95 % were seen.
    finished: bool,
    /// When it was so; absent when the profile has not begun.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<OffsetDateTime>,
}

/// The place that the profile has reached.
#[utoipa::path(
    get,
    path = "/v1/playback/positions/{title_id}",
    tag = "streaming",
    security(("profile" = [])),
    params(("title_id" = TitleId, Path)),
    responses((status = 200, body = Place), Problem)
)]
async fn get_position(
    State(store): State<Store>,
    viewer: Viewer,
    Path(title_id): Path<TitleId>,
) -> Result<Json<Place>, Problem> {
    let Some(stored) = store.position(viewer.profile, title_id).await? else {
        return Ok(Json(Place { title_id, position: 0.0, resume_at: 0.0, duration: 0.0, finished: false, updated_at: None }));
    };
    Ok(Json(Place {
        title_id,
        position: stored.position,
        resume_at: stored.resume_at(),
        duration: stored.duration,
        finished: stored.is_finished(),
        updated_at: Some(stored.client_at),
    }))
}

/// Reads the table.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let store = Store::new(boot.table("playback", Access::Read)?);
    Ok(OpenApiRouter::new().routes(routes!(get_position)).with_state(store))
}
