//! `GET /v1/analytics/revenue?month=`: what subscriptions bring, from what the payment service tells.

use cinema_http::{Json, Problem, Query, State, Support};
use kernel::World;
use serde::Deserialize;
use stores::ClickHouse;
use utoipa::IntoParams;

use crate::{month::Month, problems, revenue::Revenue, store::revenue};

runtime::wire! {
    pub(super) struct GetRevenue {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Which month.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RevenueParams {
    /// A calendar month in UTC.
    #[param(value_type = Month)]
    month: Month,
}

/// Net revenue, recurring revenue, churn, lifetime value and conversions of a month.
///
/// All from events of subscriptions and payments, each counted once, in the month in which it was told. Amounts are minor units without the tax, by
/// currency. An account that was erased stays in the figures: they know subscriptions, not people.
#[utoipa::path(
    get, path = "/v1/analytics/revenue", tag = "analytics", params(RevenueParams),
    responses((status = 200, body = Revenue), Problem)
)]
pub(super) async fn get_revenue(
    State(GetRevenue { clickhouse, world }): State<GetRevenue>,
    _: Support,
    Query(RevenueParams { month }): Query<RevenueParams>,
) -> Result<Json<Revenue>, Problem> {
    let now = world.now();
    let found = async {
        let net = revenue::net(&clickhouse, month);
        let subscriptions = revenue::subscriptions(&clickhouse, month, now);
        futures::try_join!(net, subscriptions, revenue::trials(&clickhouse, month))
    };
    let (net, subscriptions, trials) = problems::patiently(found).await?;
    Ok(Json(Revenue::new((month, month.ends() <= now), &net, &subscriptions, &trials)))
}
