//! `GET /v1/analytics/quality?group_by=`: how well playback went, by the definitions of the industry.

use cinema_http::{Editor, Json, Problem, Query, State};
use kernel::World;
use serde::Deserialize;
use stores::ClickHouse;
use utoipa::IntoParams;

use crate::{
    hour::Hour,
    problems,
    quality::{GroupBy, MOST_GROUPS, Quality},
    span::{MOST_HOURS, Span},
    store::quality,
};

const USUAL_HOURS: u32 = 24;

runtime::wire! {
    pub(super) struct GetQuality {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Which sessions, and how they are put together.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct QualityParams {
    /// First hour; 24 hours before the end without it.
    #[param(value_type = Option<Hour>)]
    from: Option<Hour>,
    /// First hour that no longer counts, at most 744 after `from`; the next full hour without it.
    #[param(value_type = Option<Hour>)]
    until: Option<Hour>,
    /// All sessions together without it. Of more than 1,000 groups those with the most attempts are told.
    #[param(inline)]
    group_by: Option<GroupBy>,
}

/// Start-up time, failures, stalls and bit rate.
///
/// A session belongs to the hour in which it began. An **attempt** is a session that began; it is a **play** once the first picture was told, or
/// something of the title was played. **Start-up time** lasts from pressing play to the first picture. **Start failures** are attempts that an error
/// ended before the first picture, **exits before start** those that the viewer gave up before it. A **playback failure** is a play that an error
/// ended. A **rebuffer** is a stall after the first picture; the **rebuffer ratio** is stalled time / (stalled + played time), the frequency stalls
/// per minute played. The **mean bit rate** weighs each rendition by how long it was played; pauses and stalls do not count. Copies of an event count
/// once.
#[utoipa::path(
    get, path = "/v1/analytics/quality", tag = "analytics", params(QualityParams),
    responses((status = 200, body = Quality), Problem)
)]
pub(super) async fn get_quality(
    State(GetQuality { clickhouse, world }): State<GetQuality>,
    _: Editor,
    Query(QualityParams { from, until, group_by }): Query<QualityParams>,
) -> Result<Json<Quality>, Problem> {
    let hours = problems::hours(Span { from, until }, &world, USUAL_HOURS, MOST_HOURS)?;
    let measured = quality::measure(&clickhouse, hours, GroupBy::sql(group_by), MOST_GROUPS);
    Ok(Json(Quality::new(hours, group_by, problems::patiently(measured).await?)))
}
