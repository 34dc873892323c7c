//! `GET /v1/analytics/peak-hours`: when in the week people watch.

use cinema_http::{Editor, Json, Problem, Query, State};
use kernel::World;
use stores::ClickHouse;

use crate::{problems, span::Span, store::title_hours, week::Week};

/// Four weeks: each hour of the week as often as any other.
const USUAL_HOURS: u32 = 28 * 24;
/// A year and a day.
const MOST_HOURS: u32 = 366 * 24;

runtime::wire! {
    pub(super) struct GetPeakHours {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Sessions by day of the week and hour.
///
/// From the hourly roll-up, over at most 8,784 hours; the last four weeks without `from`. Sessions belong to the hour (UTC) in which they began.
#[utoipa::path(
    get, path = "/v1/analytics/peak-hours", tag = "analytics", params(Span),
    responses((status = 200, body = Week), Problem)
)]
pub(super) async fn get_peak_hours(
    State(GetPeakHours { clickhouse, world }): State<GetPeakHours>,
    _: Editor,
    Query(span): Query<Span>,
) -> Result<Json<Week>, Problem> {
    let hours = problems::hours(span, &world, USUAL_HOURS, MOST_HOURS)?;
    let watched = problems::patiently(title_hours::by_hour_of_week(&clickhouse, hours)).await?;
    Ok(Json(Week::new(hours, &watched)))
}
