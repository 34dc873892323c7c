//! `DELETE /v1/users/me/imports/{id}`: takes an import back with exactly the rows that it wrote. Repeating it changes nothing.

use cinema_http::{Path, Problem, State, StatusCode, Viewer};
use events::Outbox;
use kernel::{HistoryImportId, World};
use runtime::Access;
use stores::Bucket;

use crate::{
    problems::no_such_profile,
    store::{
        import_files, imported, imports, profiles, records, viewings,
        watchlist::{self, Change},
    },
};

runtime::wire! {
    pub(super) struct UndoImport {
        outbox: Outbox,
        files: Bucket = |boot| boot.bucket("imports", Access::Write),
        world: World,
    }
}

/// Takes an import back: its lines and file go, and so does every row that it wrote. What was there before stays, and so does what the person has
/// rated, listed or watched since.
#[utoipa::path(
    delete, path = "/v1/users/me/imports/{id}", tag = "user", params(("id" = HistoryImportId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
pub(super) async fn undo_import(
    State(UndoImport { outbox, files, world }): State<UndoImport>,
    viewer: Viewer,
    Path(id): Path<HistoryImportId>,
) -> Result<StatusCode, Problem> {
    let (account, profile, territory) = (viewer.account, viewer.profile, &viewer.policy.territory);
    outbox
        .transact(async |tx| {
            profiles::lock(tx, account, profile).await?.ok_or_else(no_such_profile)?;
            viewings::lock_history(tx, profile).await?;
            if imports::lock(tx, profile, id).await?.is_none() {
                return Ok(StatusCode::NO_CONTENT);
            }
            let gone = imported::undo(tx, profile, id).await?;
            imports::delete(tx, id).await?;
            records::tell(tx, &world, (account, profile), &gone.on_record()).await?;
            if !gone.watchlist.is_empty() {
                let first = watchlist::count_all(tx, profile, gone.watchlist.len()).await?;
                for (title, sequence) in gone.watchlist.into_iter().zip(first..) {
                    let change = Change { account, profile, title, is_listed: false, territory };
                    tx.emit(&change.event(&world, sequence)).await?;
                }
            }
            import_files::delete(&files, id).await?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
