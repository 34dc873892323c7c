//! `PUT /v1/admin/plans/{id}`: a plan with all its prices.

use cinema_http::{Admin, Json, Path, Problem, Proven, State, knows_sessions};
use events::EndedSessions;
use kernel::{PriceId, World};
use serde::Serialize;
use sqlx::PgPool;
use stores::postgres;
use utoipa::ToSchema;

use crate::{
    plan::{PlanRequest, Price, PriceRequest, is_key},
    store::plans,
};

runtime::wire! { pub(super) struct PutPlan { pool: PgPool, sessions: EndedSessions, world: World } }

knows_sessions!(PutPlan: EndedSessions);

/// A plan as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PutPlanAnswer {
    /// Its key.
    id: String,
    /// Counts its changes.
    version: i64,
    /// What it is offered at.
    prices: Vec<VersionedPrice>,
}

/// A version of a price.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionedPrice {
    id: PriceId,
    price: PriceRequest,
}

impl From<Price> for VersionedPrice {
    fn from(Price { id, price, .. }: Price) -> Self {
        Self { id, price }
    }
}

/// Makes or changes a plan. Prices that stay as they are keep their ids; subscriptions that run keep the price that they began with.
#[utoipa::path(
    put, path = "/v1/admin/plans/{id}", tag = "payment",
    params(("id" = String, Path, description = "Its key: 1 to 32 small letters, digits and dashes.")),
    request_body = PlanRequest, responses((status = 200, body = PutPlanAnswer), Problem)
)]
pub(super) async fn put_plan(
    State(PutPlan { pool, world, .. }): State<PutPlan>,
    _admin: Admin,
    _proof: Proven<60>,
    Path(id): Path<String>,
    Json(request): Json<PlanRequest>,
) -> Result<Json<PutPlanAnswer>, Problem> {
    if !is_key(&id) {
        return Err(Problem::not_found("plan"));
    }
    let mut violations = request.violations().into_iter();
    if let Some((pointer, reason)) = violations.next() {
        return Err(violations
            .fold(Problem::invalid(&pointer, reason), |problem, (pointer, reason)| problem.at(&pointer, reason)));
    }
    let (version, prices) =
        postgres::transact(&pool, async |tx| plans::put(tx, &id, &request, || world.id(), world.now()).await).await?;
    Ok(Json(PutPlanAnswer { id, version, prices: prices.into_iter().map(VersionedPrice::from).collect() }))
}
