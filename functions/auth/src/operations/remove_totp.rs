//! `DELETE /v1/auth/mfa/totp`: signing in takes the password alone again.

use cinema_http::{Account, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::World;
use runtime::{Boot, BootError};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    letter::{self, letter},
    security_event::{Kind, SecurityEvent},
    step_up,
    store::{Accounts, SecondFactors, SecurityLog, Sessions},
};

#[derive(Clone)]
struct Remover {
    pool: PgPool,
    accounts: Accounts,
    sessions: Sessions,
    factors: SecondFactors,
    log: SecurityLog,
    outbox: Outbox,
    world: World,
}

/// 204, also when there is none; 403 `step_up_required` unless the person proved who they are in the last ten minutes.
#[utoipa::path(delete, path = "/v1/auth/mfa/totp", tag = "auth", security(("account" = [])), responses((status = 204), Problem))]
async fn remove_totp(State(remover): State<Remover>, account: Account) -> Result<StatusCode, Problem> {
    let now = remover.world.now();
    let login = remover.sessions.live(&account, now).await?;
    step_up::require(&login.proof, now, step_up::FRESH)?;
    remover.remove(&account).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Remover {
    async fn remove(&self, account: &Account) -> Result<(), Problem> {
        let (email, locale) = self.accounts.contact(account.id).await?;
        let mut transaction = self.pool.begin().await?;
        let was_in_use = self.factors.remove(&mut transaction, account.id).await?;
        if was_in_use {
            let event = SecurityEvent::new(&self.world, account.id, Kind::MfaDisabled, &account.origin);
            self.log.record(&mut transaction, &event.in_session(account.session)).await?;
        }
        let mail = was_in_use.then(|| letter(&self.world, "mfa_disabled", &email, &locale, json!({})));
        let posted = self.outbox.post(&mut transaction, mail).await?;
        transaction.commit().await?;
        self.outbox.publish(posted).await;
        Ok(())
    }
}

/// Postgres and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let remover = Remover {
        accounts: Accounts::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        factors: SecondFactors::new(pool.clone()),
        log: SecurityLog::new(pool.clone()),
        pool,
        outbox: letter::outbox(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(remove_totp)).with_state(remover))
}
