//! `GET /v1/analytics/popular?window=`: the titles that are most watched.

use cinema_http::{Editor, Json, Limit, Problem, Query, State};
use kernel::World;
use serde::Deserialize;
use stores::ClickHouse;
use utoipa::IntoParams;

use crate::{
    hour::Hour,
    problems,
    ranking::{PopularTitles, Window},
    store::ranking,
};

runtime::wire! {
    pub(super) struct GetPopular {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Which window, and how many titles.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PopularParams {
    /// `day` without it.
    #[serde(default)]
    #[param(inline)]
    window: Window,
    /// 20 without it.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
}

/// The most watched titles.
///
/// By views of the window, from the hourly roll-up; the figures are those of `overview`. Editors alone read it: it knows titles that viewers may not see.
#[utoipa::path(
    get, path = "/v1/analytics/popular", tag = "analytics", params(PopularParams),
    responses((status = 200, body = PopularTitles), Problem)
)]
pub(super) async fn get_popular(
    State(GetPopular { clickhouse, world }): State<GetPopular>,
    _: Editor,
    Query(PopularParams { window, limit }): Query<PopularParams>,
) -> Result<Json<PopularTitles>, Problem> {
    let (hours, _) = window.hours(Hour::of(world.now()).unwrap_or(Hour::from_seconds(0)));
    let titles = problems::patiently(ranking::popular(&clickhouse, hours, limit.0)).await?;
    Ok(Json(PopularTitles::new(hours, titles)))
}
