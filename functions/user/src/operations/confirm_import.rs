//! `POST /v1/users/me/imports/{id}/confirm`: writes what an import matched into the profile's lists. Repeating it changes nothing.

use cinema_http::{Json, Path, Problem, State, Viewer};
use events::Outbox;
use kernel::{HistoryImportId, World};

use super::viewpoint;
use crate::{
    import::{
        summary::{Import, Written},
        words::Status,
    },
    problems::{import_not_ready, no_such_profile},
    store::{
        imported, imports, profiles, records, viewings,
        watchlist::{self, Change},
    },
};

runtime::wire! { pub(super) struct ConfirmImport { outbox: Outbox, world: World } }

/// Writes the matches of an import into history, ratings and watchlist, as far as the profile may see them now. What was watched, rated or listed
/// before stays as it is.
///
/// 409 `import_not_ready` while its file was not read, or was refused.
#[utoipa::path(
    post, path = "/v1/users/me/imports/{id}/confirm", tag = "user", params(("id" = HistoryImportId, Path)),
    responses((status = 200, description = "It is confirmed, now or before.", body = Import), Problem)
)]
pub(super) async fn confirm_import(
    State(ConfirmImport { outbox, world }): State<ConfirmImport>,
    viewer: Viewer,
    Path(id): Path<HistoryImportId>,
) -> Result<Json<Import>, Problem> {
    let viewpoint = viewpoint(viewer, &world);
    let (account, profile) = (viewpoint.account, viewpoint.profile);
    outbox
        .transact(async |tx| {
            // In the order of everybody who changes lists and history.
            profiles::lock(tx, account, profile).await?.ok_or_else(no_such_profile)?;
            viewings::lock_history(tx, profile).await?;
            match imports::lock(tx, profile, id).await?.ok_or_else(|| Problem::not_found("import"))? {
                Status::Confirmed => return Ok(()),
                Status::Ready => {}
                Status::Waiting | Status::Refused => return Err(import_not_ready()),
            }
            let imported = imported::write(tx, &viewpoint, id).await?;
            let count = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
            let written = Written {
                history: count(imported.history.len()),
                ratings: count(imported.ratings.len()),
                watchlist: count(imported.watchlist.len()),
            };
            imports::confirm(tx, id, written).await?;
            records::tell(tx, &world, (account, profile), &imported.on_record()).await?;
            if imported.watchlist.is_empty() {
                return Ok(());
            }
            let first = watchlist::count_all(tx, profile, imported.watchlist.len()).await?;
            for (title, sequence) in imported.watchlist.into_iter().zip(first..) {
                let change =
                    Change { account, profile, title, is_listed: true, territory: &viewpoint.audience.territory };
                tx.emit(&change.event(&world, sequence)).await?;
            }
            Ok::<_, Problem>(())
        })
        .await?;
    let import = imports::list(outbox.pool(), &viewpoint, Some(id)).await?.pop();
    import.map(Json).ok_or_else(|| Problem::not_found("import"))
}
