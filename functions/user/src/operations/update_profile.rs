//! `PATCH /v1/users/me/profiles/{id}`: changes a profile by JSON Merge Patch. A new PIN is digested at once; its digest, or that there is none
//! any more, goes to auth alone.

use cinema_http::{Account, Json, MergePatch, OpenApiRouter, Patch, Path, Problem, State, routes};
use events::{Destination, Letter, Outbox, outbox::Posted};
use kernel::{ProfileId, World};
use runtime::{Access, Boot, BootError};
use sqlx::PgConnection;
use stores::PgPool;

use crate::{
    pin::Pepper,
    profile::{Changes, Profile, STEP_UP},
    store,
};

#[derive(Clone)]
struct Editor {
    pool: PgPool,
    outbox: Outbox,
    pepper: Pepper,
    world: World,
}

/// Changes a profile.
///
/// 403 `step_up_required` when it raises the cap or touches a PIN that is set and the caller has not proved who they are just now: a child holds
/// the same token as its parents.
#[utoipa::path(
    patch, path = "/v1/users/me/profiles/{id}", tag = "user",
    security(("account" = [])),
    params(("id" = ProfileId, Path)),
    request_body(
        content = Changes, content_type = "application/merge-patch+json",
        description = "JSON Merge Patch (RFC 7396): absent members stay, null brings the default back"
    ),
    responses((status = 200, body = Profile), Problem)
)]
async fn update_profile(
    State(editor): State<Editor>,
    account: Account,
    Path(id): Path<ProfileId>,
    Json(MergePatch(changes)): Json<MergePatch<Changes>>,
) -> Result<Json<Profile>, Problem> {
    let mut transaction = editor.pool.begin().await?;
    let changed = editor.change(&mut transaction, &account, id, &changes).await;
    editor.outbox.settle(transaction, changed).await.map(Json::<_>)
}

impl Editor {
    async fn change(
        &self,
        transaction: &mut PgConnection,
        account: &Account,
        id: ProfileId,
        changes: &Changes,
    ) -> Result<(Profile, Posted), Problem> {
        let (before, locale) = store::profile_for_update(transaction, account.id, id).await?;
        let after = before.changed_by(changes, &locale)?;
        if before.is_loosened_by(changes, &after) {
            account.require_fresh(self.world.now(), STEP_UP)?;
        }
        // Setting the same PIN again is a change, too: nobody can compare digests.
        if after == before && changes.pin.value().is_none() {
            return Ok((after, Posted::default()));
        }
        let version = store::put_profile(transaction, &after).await?;
        let letters = self.tell(account, &after, changes, version).await?;
        let posted = self.outbox.post(transaction, letters).await?;
        Ok((after, posted))
    }

    async fn tell(
        &self,
        account: &Account,
        profile: &Profile,
        changes: &Changes,
        version: i64,
    ) -> Result<Vec<Letter>, Problem> {
        let mut letters = vec![Letter::event(&profile.changed(&self.world, account.id, version))];
        let digest = match &changes.pin {
            Patch::Absent => return Ok(letters),
            Patch::Remove => String::new(),
            Patch::Set(pin) => self.pepper.digest(pin, &self.world).await?,
        };
        let secret = profile.secret_changed(&self.world, account.id, version, digest);
        letters.push(Letter::event_to(Destination::Sqs(store::AUTH_QUEUE.to_owned()), &secret));
        Ok(letters)
    }
}

/// The schema, its outbox, and the pepper.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let editor = Editor {
        pool: boot.postgres()?,
        outbox: store::outbox(boot)?,
        pepper: Pepper::new(boot.secret("pepper", Access::Read)?),
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(update_profile)).with_state(editor))
}
