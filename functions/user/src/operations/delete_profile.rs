//! `DELETE /v1/users/me/profiles/{id}`: a profile goes with its lists, its history and its imports. One stays, and one stays the default.

use cinema_http::{Account, Path, Problem, State, StatusCode};
use events::Outbox;
use kernel::{ProfileId, World};
use runtime::Access;
use stores::Bucket;

use crate::{
    problems::{account_not_ready, no_such_profile},
    profile::STEP_UP,
    store::{self, accounts, import_files, imports, profiles, viewings},
};

runtime::wire! {
    pub(super) struct DeleteProfile {
        outbox: Outbox = store::outbox,
        imports: Bucket = |boot| boot.bucket("imports", Access::Write),
        world: World,
    }
}

/// Deletes a profile with its watchlist, ratings, history and imports.
///
/// 409 `last_profile` for the only one. 403 `step_up_required` for one with a PIN or with a cap above the caller's own, unless they have just
/// proved who they are. When the default profile goes, the oldest that is left takes its place.
#[utoipa::path(
    delete, path = "/v1/users/me/profiles/{id}", tag = "user", params(("id" = ProfileId, Path)),
    responses((status = 204, description = "Deleted."), Problem)
)]
pub(super) async fn delete_profile(
    State(DeleteProfile { outbox, imports: files, world }): State<DeleteProfile>,
    account: Account,
    Path(id): Path<ProfileId>,
) -> Result<StatusCode, Problem> {
    outbox
        .transact(async |tx| {
            // Whoever makes or deletes a profile of the account waits here.
            let (_, count) = accounts::lock_profiles(tx, account.id).await?.ok_or_else(account_not_ready)?;
            let (profile, _) = profiles::lock(tx, account.id, id).await?.ok_or_else(no_such_profile)?;
            if count <= 1 {
                return Err(Problem::conflict(
                    "last_profile",
                    "An account keeps at least one profile. Make another one first.",
                ));
            }
            if profile.is_guarded_from(account.claims.cap()) {
                account.require_fresh(world.now(), STEP_UP)?;
            }
            viewings::lock_history(tx, id).await?;
            for import in imports::with_files(tx, account.id, Some(id)).await? {
                import_files::delete(&files, import).await?;
            }
            profiles::delete_records(tx, id).await?;
            let version = profiles::delete(tx, id).await?;
            tx.emit(&profile.deleted(&world, account.id, version)).await?;
            if profile.has_pin {
                tx.send(store::secret(&profile.secret_changed(&world, account.id, version, String::new()))).await?;
            }
            if profile.is_default {
                let (oldest, version) = profiles::elect_default(tx, account.id).await?;
                tx.emit(&oldest.changed(&world, account.id, version)).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
