//! `GET /v1/plans`: what can be subscribed to where the caller is.

use std::time::Duration;

use cinema_http::{Audience, Cached, Page, Problem, State};
use sqlx::PgPool;

use crate::{plan::Plan, store::plans};

runtime::wire! { pub(super) struct ListPlans { pool: PgPool } }

const MAX_AGE: Duration = Duration::from_secs(60);

/// All plans with their prices, the cheapest first; there is only one page.
#[utoipa::path(
    get, path = "/v1/plans", tag = "payment",
    responses((status = 200, body = Page<Plan>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_plans(
    State(ListPlans { pool }): State<ListPlans>,
    audience: Audience,
) -> Result<Cached<Page<Plan>>, Problem> {
    let known = plans::list_offered(&pool).await?;
    let here = |(plan, prices): &(_, Vec<_>)| plan_here(plan, prices, &audience);
    let mut items: Vec<Plan> = known.iter().filter_map(here).collect();
    items.sort_by_key(|plan| plan.prices.iter().map(|offered| offered.amount.minor).min());
    Ok(audience.cache(Page { items, next_cursor: None }, MAX_AGE))
}

fn plan_here(plan: &crate::plan::StoredPlan, prices: &[crate::plan::Price], audience: &Audience) -> Option<Plan> {
    plan.offered(prices, audience.territory(), &audience.languages)
}
