//! `PUT /v1/watchlist/{title_id}`: puts a title on the watchlist. Repeating it changes nothing.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use events::Outbox;
use kernel::{TitleId, World};

use super::viewpoint;
use crate::store::watchlist::{self, Change};

runtime::wire! { pub(super) struct AddToWatchlist { outbox: Outbox, world: World } }

/// Puts a title on the profile's watchlist.
#[utoipa::path(
    put, path = "/v1/watchlist/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is on the watchlist."), Problem)
)]
pub(super) async fn add_to_watchlist(
    State(AddToWatchlist { outbox, world }): State<AddToWatchlist>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    let viewpoint = viewpoint(viewer, &world);
    outbox
        .transact(async |tx| {
            if let Some(sequence) = watchlist::add(tx, &viewpoint, title).await? {
                let (profile, territory) = (viewpoint.profile, &viewpoint.audience.territory);
                let change = Change { account: viewpoint.account, profile, title, is_listed: true, territory };
                tx.emit(&change.event(&world, sequence)).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
