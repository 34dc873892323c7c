//! `DELETE /v1/users/me/profiles/{id}`: a profile goes with its lists and its history. One stays, and one stays the default.

use cinema_http::{Account, OpenApiRouter, Path, Problem, State, StatusCode, routes};
use events::{Destination, Letter, Outbox, outbox::Posted};
use kernel::{ProfileId, World};
use runtime::{Boot, BootError};
use sqlx::PgConnection;
use stores::PgPool;

use crate::{profile::Profile, store};

#[derive(Clone)]
struct Remover {
    pool: PgPool,
    outbox: Outbox,
    world: World,
}

/// Deletes a profile with its watchlist, ratings and history.
///
/// 409 `last_profile` for the only one. When the default profile goes, the oldest that is left takes its place.
#[utoipa::path(
    delete, path = "/v1/users/me/profiles/{id}", tag = "user",
    security(("account" = [])),
    params(("id" = ProfileId, Path)),
    responses((status = 204, description = "Deleted."), Problem)
)]
async fn delete_profile(
    State(remover): State<Remover>,
    account: Account,
    Path(id): Path<ProfileId>,
) -> Result<StatusCode, Problem> {
    let mut transaction = remover.pool.begin().await?;
    let deleted = remover.delete(&mut transaction, &account, id).await;
    remover.outbox.settle(transaction, deleted.map(|posted| (StatusCode::NO_CONTENT, posted))).await
}

impl Remover {
    async fn delete(
        &self,
        transaction: &mut PgConnection,
        account: &Account,
        id: ProfileId,
    ) -> Result<Posted, Problem> {
        // Whoever makes or deletes a profile of the account waits here.
        let held = store::hold_account(transaction, account.id).await?;
        let (_, count) = held.ok_or_else(store::account_not_ready)?;
        let (profile, _) = store::profile_for_update(transaction, account.id, id).await?;
        if count <= 1 {
            return Err(Problem::conflict("last_profile", "An account keeps at least one profile."));
        }
        store::hold_history(transaction, id).await?;
        store::forget_profile(transaction, id).await?;
        let version = store::delete_profile(transaction, id).await?;
        let mut letters = self.farewell(account, &profile, version);
        if profile.is_default {
            let (heir, version) = store::elect_default(transaction, account.id).await?;
            letters.push(Letter::event(&heir.changed(&self.world, account.id, version)));
        }
        Ok(self.outbox.post(transaction, letters).await?)
    }

    fn farewell(&self, account: &Account, profile: &Profile, version: i64) -> Vec<Letter> {
        let mut letters = vec![Letter::event(&profile.deleted(&self.world, account.id, version))];
        if profile.has_pin {
            let secret = profile.secret_changed(&self.world, account.id, version, String::new());
            letters.push(Letter::event_to(Destination::Sqs(store::AUTH_QUEUE.to_owned()), &secret));
        }
        letters
    }
}

/// The schema and its outbox.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let remover = Remover { pool: boot.postgres()?, outbox: store::outbox(boot)?, world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(delete_profile)).with_state(remover))
}
