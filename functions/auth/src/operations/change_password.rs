//! `POST /v1/auth/password/change`: a new password for somebody who is signed in and knows the present one; every other session ends.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::World;
use runtime::{Boot, BootError};
use serde::Deserialize;
use serde_json::json;
use time::Duration;
use utoipa::ToSchema;

use crate::{
    current_password::CurrentPassword,
    leak::Leaks,
    letter::{self, letter},
    password::Password,
    pepper::Hasher,
    security_event::{Kind, SecurityEvent},
    step_up,
    store::{Accounts, Change, NewHash, Passwords, Sessions},
};

/// How long ago the person may have proven who they are.
const FRESH: Duration = Duration::HOUR;

/// The present password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangePassword {
    current: Password,
    new: Password,
}

#[derive(Clone)]
struct Changer {
    accounts: Accounts,
    sessions: Sessions,
    passwords: Passwords,
    current: CurrentPassword,
    leaks: Leaks,
    outbox: Outbox,
    world: World,
}

/// 204; 403 `wrong_password`, 403 `step_up_required` when the sign-in is older than an hour, 422 `weak_password`, 409 `no_password`, 429 after
/// five wrong passwords.
#[utoipa::path(post, path = "/v1/auth/password/change", tag = "auth", security(("account" = [])), request_body = ChangePassword,
    responses((status = 204), Problem))]
async fn change_password(
    State(changer): State<Changer>,
    account: Account,
    Json(request): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let login = changer.sessions.live(&account, changer.world.now()).await?;
    step_up::require(&login.proof, changer.world.now(), FRESH)?;
    let (hasher, old) = changer.current.prove(&account, &request.current).await?;
    changer.change(&account, &request.new, (&hasher, &old)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Changer {
    async fn change(&self, account: &Account, new: &Password, (hasher, old): (&Hasher, &str)) -> Result<(), Problem> {
        let (email, locale) = self.accounts.contact(account.id).await?;
        new.check(&email, "/new")?;
        let leak_unchecked = self.leaks.refuse(new, "/new").await?;
        let phc = hasher.hash(&self.world, new).await?;
        let event = SecurityEvent::new(&self.world, account.id, Kind::PasswordChanged, &account.origin);
        let change = Change {
            account: account.id,
            session: account.session,
            old,
            hash: NewHash { phc: &phc, leak_unchecked },
            letter: letter(&self.world, "password_changed", &email, &locale, json!({})),
        };
        let changed =
            self.passwords.change(&self.outbox, change, &event.in_session(account.session), self.world.now()).await?;
        let posted = changed.ok_or_else(|| {
            Problem::conflict("password_changed", "The password was changed by another request. Sign in again.")
        })?;
        self.outbox.publish(posted).await;
        Ok(())
    }
}

/// Postgres, Redis for the limits, the pepper, the list of leaked passwords, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let changer = Changer {
        accounts: Accounts::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        passwords: Passwords::new(pool),
        current: CurrentPassword::wire(boot)?,
        leaks: Leaks::wire(boot)?,
        outbox: letter::outbox(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(change_password)).with_state(changer))
}
