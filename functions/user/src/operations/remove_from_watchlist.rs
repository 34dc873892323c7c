//! `DELETE /v1/watchlist/{title_id}`: takes a title off the watchlist, also one that cannot be seen any more.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use events::Outbox;
use kernel::{TitleId, World};

use crate::store::watchlist::{self, Change};

runtime::wire! { pub(super) struct RemoveFromWatchlist { outbox: Outbox, world: World } }

/// Takes a title off the watchlist.
#[utoipa::path(
    delete, path = "/v1/watchlist/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
pub(super) async fn remove_from_watchlist(
    State(RemoveFromWatchlist { outbox, world }): State<RemoveFromWatchlist>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    let (account, profile) = (viewer.account, viewer.profile);
    outbox
        .transact(async |tx| {
            if let Some(sequence) = watchlist::remove(tx, (account, profile), title).await? {
                let territory = &viewer.policy.territory;
                let change = Change { account, profile, title, is_listed: false, territory };
                tx.emit(&change.event(&world, sequence)).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
