//! `GET /v1/users/me/entitlements`: what the caller's plan allows, the last that is known, until its grace is over; and which single titles.

use cinema_http::{Account, Json, Problem, State};
use kernel::World;
use sqlx::PgPool;

use crate::{entitlement::Entitlements, store::entitlements};

runtime::wire! { pub(super) struct GetEntitlements { pool: PgPool, world: World } }

/// What the caller's plan allows, and which titles were paid for by themselves.
///
/// When billing is behind, the last state that is known counts until `grace_to`; from then on there is no plan.
#[utoipa::path(
    get, path = "/v1/users/me/entitlements", tag = "user", responses((status = 200, body = Entitlements), Problem)
)]
pub(super) async fn get_entitlements(
    State(GetEntitlements { pool, world }): State<GetEntitlements>,
    account: Account,
) -> Result<Json<Entitlements>, Problem> {
    let known = entitlements::find(&pool, account.id).await?;
    Ok(Json(Entitlements::at(world.now(), known)))
}
