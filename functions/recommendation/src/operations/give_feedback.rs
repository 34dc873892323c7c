//! `POST /v1/recommendations/feedback`: what the profile says of a title, heard by the next call.

use cinema_http::{Json, Problem, State, StatusCode, Viewer};
use kernel::{TitleId, World};
use runtime::Access;
use serde::Deserialize;
use stores::Table;
use utoipa::ToSchema;

use crate::{
    feedback::{Feedback, Verdict},
    library::Library,
    problems::no_such_title,
    store::opinions::{self, Owner},
};

runtime::wire! {
    pub(super) struct GiveFeedback {
        table: Table = |boot| boot.table("tastes", Access::ReadWrite),
        library: Library,
        world: World,
    }
}

/// What the profile says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveFeedbackRequest {
    /// An episode speaks for its series.
    title_id: TitleId,
    /// Absent or null: nothing any more.
    #[serde(default)]
    feedback: Option<Verdict>,
}

/// Replaces what the profile said of the title before.
#[utoipa::path(
    post, path = "/v1/recommendations/feedback", tag = "recommendation", request_body = GiveFeedbackRequest,
    responses((status = 204), Problem)
)]
pub(super) async fn give_feedback(
    State(GiveFeedback { table, library, world }): State<GiveFeedback>,
    viewer: Viewer,
    Json(request): Json<GiveFeedbackRequest>,
) -> Result<StatusCode, Problem> {
    let now = world.now();
    let titles = library.titles(now).await?;
    // What was refused and is gone since can still be taken back.
    if request.feedback.is_some() && !titles.is_offered(request.title_id, &viewer.policy, now) {
        return Err(no_such_title());
    }
    let owner = Owner { account: viewer.account, profile: viewer.profile };
    let feedback = request.feedback.map(|verdict| Feedback { verdict, at: crate::millis::of(now) });
    opinions::put(&table, owner, titles.work_of(request.title_id), feedback.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
