//! `GET /v1/playback/positions/{title_id}`: where the profile stopped, and where the next session would begin.

use cinema_http::{Json, Path, Problem, State, Viewer};
use kernel::TitleId;
use runtime::Access;
use serde::Serialize;
use stores::Table;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{position::Position, store::positions};

/// A place in a title.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PositionAnswer {
    title_id: TitleId,
    /// Seconds from the beginning; 0 when the profile has not begun.
    position: f64,
    /// Seconds from the beginning at which the next session begins: 0 once the title was watched.
    resume_at: f64,
    /// Seconds in all; 0 when unknown.
    duration: f64,
    /// Whether the title counts as watched: at least 90 % of it.
    finished: bool,
    /// When it was so; absent when the profile has not begun.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<OffsetDateTime>,
}

impl PositionAnswer {
    fn new(title_id: TitleId, stored: Option<&Position>) -> Self {
        Self {
            title_id,
            position: stored.map_or(0.0, |stored| stored.position),
            resume_at: stored.map_or(0.0, |stored| stored.resume_at(stored.duration)),
            duration: stored.map_or(0.0, |stored| stored.duration),
            finished: stored.is_some_and(Position::is_finished),
            updated_at: stored.map(|stored| stored.client_at),
        }
    }
}

runtime::wire! {
    pub(super) struct GetPosition {
        table: Table = |boot| boot.table("playback", Access::Read),
    }
}

/// The place that the profile has reached.
#[utoipa::path(
    get, path = "/v1/playback/positions/{title_id}", tag = "streaming",
    params(("title_id" = TitleId, Path)),
    responses((status = 200, body = PositionAnswer), Problem)
)]
pub(super) async fn get_position(
    State(GetPosition { table }): State<GetPosition>,
    viewer: Viewer,
    Path(title_id): Path<TitleId>,
) -> Result<Json<PositionAnswer>, Problem> {
    let stored = positions::get(&table, viewer.profile, title_id).await?;
    Ok(Json(PositionAnswer::new(title_id, stored.as_ref())))
}
