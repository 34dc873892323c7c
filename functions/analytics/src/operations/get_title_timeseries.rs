//! `GET /v1/analytics/titles/{id}/timeseries/{metric}`: a figure of a title by hour or day.

use cinema_http::{Editor, Json, Path, Problem, Query, State};
use kernel::{TitleId, World};
use serde::Deserialize;
use stores::ClickHouse;
use utoipa::IntoParams;

use crate::{
    hour::Hour,
    problems,
    series::{Interval, Metric, Series},
    span::Span,
    store::{series, title_hours},
};

runtime::wire! {
    pub(super) struct GetTitleTimeseries {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Which points.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TimeseriesParams {
    /// First hour; without it 48 hours, or 30 days, before the end.
    #[param(value_type = Option<Hour>)]
    from: Option<Hour>,
    /// First hour that no longer counts; the next full hour without it. At most 42 days of hours, or 1,098 days, after `from`.
    #[param(value_type = Option<Hour>)]
    until: Option<Hour>,
    /// `day` without it.
    #[serde(default)]
    #[param(inline)]
    interval: Interval,
}

/// A figure of a title over time.
///
/// Points without anything are zero. Sessions belong to the hour (UTC) in which they began; what the figures mean is said at `overview`. The hourly
/// roll-up lags by up to an hour; days are whole, and rolled up at twenty minutes past midnight UTC.
#[utoipa::path(
    get, path = "/v1/analytics/titles/{id}/timeseries/{metric}", tag = "analytics",
    params(
        ("id" = TitleId, Path, description = "The title."),
        ("metric" = inline(Metric), Path, description = "The figure."),
        TimeseriesParams
    ),
    responses((status = 200, body = Series), Problem)
)]
pub(super) async fn get_title_timeseries(
    State(GetTitleTimeseries { clickhouse, world }): State<GetTitleTimeseries>,
    _: Editor,
    Path((id, metric)): Path<(TitleId, Metric)>,
    Query(TimeseriesParams { from, until, interval }): Query<TimeseriesParams>,
) -> Result<Json<Series>, Problem> {
    let hours = problems::hours(Span { from, until }, &world, interval.usual_hours(), interval.most_hours())?;
    let hours = interval.hours(hours, Hour::of(world.now()).unwrap_or(hours.until));
    let found = async {
        let known = title_hours::is_known(&clickhouse, id);
        futures::try_join!(known, series::points(&clickhouse, id, interval.source(), metric.sql(), hours))
    };
    let (is_known, points) = problems::patiently(found).await?;
    if !is_known {
        return Err(Problem::not_found("title"));
    }
    Ok(Json(Series::new(id, metric, interval, hours, &points)))
}
