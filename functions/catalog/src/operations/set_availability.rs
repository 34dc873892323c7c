//! `PUT /v1/admin/titles/{id}/availability`: when and where a title is offered, in which plans.

use cinema_http::{Editor, IfMatch, Json, Path, Problem, State};
use events::Outbox;
use kernel::{TitleId, World, policy::Window};
use runtime::PublicUrl;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Edited, edited};
use crate::{
    change::{self, Author},
    edited::EditedTitle,
    problems::no_such_title,
    publication::still_publishable,
    store::titles,
    windows,
};

runtime::wire! { pub(super) struct SetAvailability { outbox: Outbox, world: World, public_url: PublicUrl } }

/// All windows of a title.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetAvailabilityRequest {
    /// None means everywhere, from the title's publication on, in every paid plan. No two may share a moment, a territory and a plan.
    #[schema(max_items = 100)]
    windows: Vec<Window>,
}

/// Replaces the windows of a title in whatever state. What a published title was offered for may end at any moment, at once as well.
#[utoipa::path(
    put, path = "/v1/admin/titles/{id}/availability", tag = "catalog", request_body = SetAvailabilityRequest,
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 200, body = EditedTitle), Problem)
)]
pub(super) async fn set_availability(
    State(SetAvailability { outbox, world, public_url }): State<SetAvailability>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
    Json(request): Json<SetAvailabilityRequest>,
) -> Result<Edited, Problem> {
    let windows = windows::checked(request.windows)?;
    let author = Author { world: &world, actor: &editor.id.to_string() };
    outbox
        .transact(async |tx| {
            let before = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            if_match.check(&before.etag())?;
            let now = world.now();
            let mut after = before.clone();
            after.about.windows = windows.clone();
            still_publishable(&before, &after, now)?;
            let title = change::save(tx, &author, "availability_set", &before, after).await?;
            Ok(edited(&title, now, &public_url))
        })
        .await
}
