//! `DELETE /v1/auth/account`: everything about the person goes. Nobody can sign in from this moment on; each service erases what it holds and
//! sends a receipt, and auth goes last.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, StatusCode, routes};
use events::Outbox;
use kernel::{ErasureId, World};
use runtime::{Boot, BootError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    erasure::{self, STEP_UP},
    pepper::Pepper,
    security_event::{Kind, SecurityEvent},
    store::{Erasures, Sessions},
};

/// The erasure has begun.
#[derive(Serialize, ToSchema)]
struct ErasureBegun {
    erasure_id: ErasureId,
    /// Always `erasing`.
    #[schema(example = "erasing")]
    status: &'static str,
    /// Shows the receipts of all services without signing in; only who knows this address can read it.
    receipts_url: String,
}

#[derive(Clone)]
struct Registrar {
    erasures: Erasures,
    sessions: Sessions,
    outbox: Outbox,
    pepper: Pepper,
    world: World,
    public_url: String,
}

/// 202, and the same again when it is repeated; 403 `step_up_required` unless the person proved who they are within ten minutes.
#[utoipa::path(delete, path = "/v1/auth/account", tag = "auth", security(("account" = [])),
    responses((status = 202, body = ErasureBegun), Problem))]
async fn delete_account(
    State(registrar): State<Registrar>,
    account: Account,
) -> Result<(StatusCode, Json<ErasureBegun>), Problem> {
    // First, so that nothing begins whose receipts nobody could read.
    let hasher = registrar.pepper.hasher().await?;
    let id = match registrar.erasures.of(account.id).await? {
        Some(begun) => begun,
        None => registrar.begin(&account).await?,
    };
    let token = erasure::token(&hasher, id);
    let receipts_url = format!("{}/v1/auth/erasures/{id}?token={token}", registrar.public_url.trim_end_matches('/'));
    Ok((StatusCode::ACCEPTED, Json(ErasureBegun { erasure_id: id, status: "erasing", receipts_url })))
}

impl Registrar {
    async fn begin(&self, account: &Account) -> Result<ErasureId, Problem> {
        let now = self.world.now();
        let login = self.sessions.live(account, now).await?;
        if now - login.proof.at > STEP_UP {
            return Err(Problem::forbidden("step_up_required", "Confirm your password first."));
        }
        let event = SecurityEvent::new(&self.world, account.id, Kind::ErasureRequested, &account.origin);
        let event = event.in_session(account.session);
        let (id, posted) = self.erasures.begin(&self.outbox, &event, account.id, &self.world).await?;
        self.outbox.publish(posted).await;
        Ok(id)
    }
}

/// Postgres, the pepper, and the stream of events.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let registrar = Registrar {
        erasures: Erasures::new(pool.clone()),
        sessions: Sessions::new(pool.clone()),
        outbox: Outbox::new(pool).stream("domain-events", boot.stream("domain-events")?),
        pepper: Pepper::wire(boot)?,
        world: boot.world(),
        public_url: boot.required("PUBLIC_URL")?,
    };
    Ok(OpenApiRouter::new().routes(routes!(delete_account)).with_state(registrar))
}
