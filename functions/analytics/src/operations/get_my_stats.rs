//! `GET /v1/analytics/me?year=`: what the profile watched in a year.

use cinema_http::{Json, Problem, Query, State, Viewer};
use kernel::World;
use serde::Deserialize;
use stores::ClickHouse;
use utoipa::IntoParams;

use crate::{month::year_hours, own_year::OwnYear, problems, store::own_year};

runtime::wire! {
    pub(super) struct GetMyStats {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Which year.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MyStatsParams {
    /// A year (UTC); the current one without it.
    #[param(minimum = 1970, maximum = 2105)]
    year: Option<i32>,
}

/// The profile's own year.
///
/// Watch time, views, titles, genres and months of the profile that asks, and of nobody else; what was erased from the history is not in it.
#[utoipa::path(
    get, path = "/v1/analytics/me", tag = "analytics", params(MyStatsParams),
    responses((status = 200, body = OwnYear), Problem)
)]
pub(super) async fn get_my_stats(
    State(GetMyStats { clickhouse, world }): State<GetMyStats>,
    viewer: Viewer,
    Query(MyStatsParams { year }): Query<MyStatsParams>,
) -> Result<Json<OwnYear>, Problem> {
    let year = year.unwrap_or_else(|| world.now().year());
    let hours = year_hours(year).ok_or_else(|| Problem::invalid("year", "must be a year from 1970 to 2105"))?;
    let found = async {
        let titles = own_year::titles(&clickhouse, viewer.profile, hours);
        futures::try_join!(titles, own_year::months(&clickhouse, viewer.profile, hours))
    };
    let (titles, months) = problems::patiently(found).await?;
    Ok(Json(OwnYear::new(year, &titles, &months)))
}
