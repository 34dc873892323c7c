//! `DELETE` and `PUT /v1/continue-watching/{title_id}`: a title is not offered to watch on until it is played again, or is offered again now.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use events::Outbox;
use kernel::{TitleId, World};

use crate::store::continue_watching;

runtime::wire! { pub(super) struct HideContinueWatching { outbox: Outbox, world: World } }

/// Hides a title from what the profile can watch on: of a series every episode, until one of them is played again. Progress and history stay.
#[utoipa::path(
    delete, path = "/v1/continue-watching/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not offered, now or before."), Problem)
)]
pub(super) async fn hide_continue_watching(
    State(HideContinueWatching { outbox, world }): State<HideContinueWatching>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    let owner = (viewer.account, viewer.profile);
    outbox
        .transact(async |tx| {
            if let Some(hiding) = continue_watching::hide(tx, owner, title, world.now()).await? {
                tx.emit(&hiding.event(&world, owner)).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Offers a title that was hidden again, where it was.
#[utoipa::path(
    put, path = "/v1/continue-watching/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not hidden, now or before."), Problem)
)]
pub(super) async fn show_continue_watching(
    State(HideContinueWatching { outbox, world }): State<HideContinueWatching>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    let owner = (viewer.account, viewer.profile);
    outbox
        .transact(async |tx| {
            for shown in continue_watching::show(tx, owner, title, world.now()).await? {
                tx.emit(&shown.event(&world, owner)).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
