//! `DELETE /v1/ratings/{title_id}`: takes a rating back.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use events::Outbox;
use kernel::{TitleId, World};

use crate::store::{ratings, records};

runtime::wire! { pub(super) struct UnrateTitle { outbox: Outbox, world: World } }

/// Takes the profile's rating of a title back.
#[utoipa::path(
    delete, path = "/v1/ratings/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
pub(super) async fn unrate_title(
    State(UnrateTitle { outbox, world }): State<UnrateTitle>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<StatusCode, Problem> {
    let owner = (viewer.account, viewer.profile);
    outbox
        .transact(async |tx| {
            if ratings::remove(tx, owner, title).await? {
                records::tell(tx, &world, owner, &[title]).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
