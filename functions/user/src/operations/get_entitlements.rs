//! `GET /v1/users/me/entitlements`: what the caller's plan allows; the last that is known, until its grace is over.

use cinema_http::{Account, Json, OpenApiRouter, Problem, State, routes};
use kernel::World;
use runtime::{Boot, BootError};
use stores::PgPool;

use crate::{entitlement::Entitlements, store};

#[derive(Clone)]
struct Plans {
    pool: PgPool,
    world: World,
}

/// What the caller's plan allows.
///
/// When billing is behind, the last state that is known counts until `grace_to`; from then on there is no plan.
#[utoipa::path(
    get, path = "/v1/users/me/entitlements", tag = "user",
    security(("account" = [])),
    responses((status = 200, body = Entitlements), Problem)
)]
async fn get_entitlements(State(plans): State<Plans>, account: Account) -> Result<Json<Entitlements>, Problem> {
    let terms = store::entitlements(&plans.pool, account.id).await?;
    Ok(Json(Entitlements::at(plans.world.now(), terms)))
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let plans = Plans { pool: boot.postgres()?, world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(get_entitlements)).with_state(plans))
}
