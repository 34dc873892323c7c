//! `GET /v1/analytics/trends?window=`: the titles that are growing most.

use cinema_http::{Editor, Json, Limit, Problem, Query, State};
use kernel::World;
use serde::Deserialize;
use stores::ClickHouse;
use utoipa::IntoParams;

use crate::{
    hour::Hour,
    problems,
    ranking::{PRIOR_VIEWS, TrendingTitles, Window},
    store::ranking,
};

runtime::wire! {
    pub(super) struct GetTrends {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Which window, and how many titles.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TrendsParams {
    /// `day` without it.
    #[serde(default)]
    #[param(inline)]
    window: Window,
    /// 20 without it.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
}

/// The titles whose views grow most.
///
/// Views of the window against those of as many hours before it, from the hourly roll-up. Editors alone read it: it knows titles that viewers may not see.
#[utoipa::path(
    get, path = "/v1/analytics/trends", tag = "analytics", params(TrendsParams),
    responses((status = 200, body = TrendingTitles), Problem)
)]
pub(super) async fn get_trends(
    State(GetTrends { clickhouse, world }): State<GetTrends>,
    _: Editor,
    Query(TrendsParams { window, limit }): Query<TrendsParams>,
) -> Result<Json<TrendingTitles>, Problem> {
    let (hours, before) = window.hours(Hour::of(world.now()).unwrap_or(Hour::from_seconds(0)));
    let titles = ranking::trending(&clickhouse, (hours, before), PRIOR_VIEWS, limit.0);
    let titles = problems::patiently(titles).await?;
    Ok(Json(TrendingTitles::new(hours, titles)))
}
