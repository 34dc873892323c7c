//! `GET /v1/analytics/concurrency`: how many sessions live now, and lived at once at most.

use cinema_http::{Editor, Json, Problem, Query, State};
use kernel::World;
use stores::ClickHouse;

use crate::{
    concurrency::Concurrency,
    problems,
    span::{MOST_HOURS, Span},
    store::concurrency,
};

const USUAL_HOURS: u32 = 24;

runtime::wire! {
    pub(super) struct GetConcurrency {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Concurrent sessions, now and at the peak.
///
/// A session is live from its start until it was stopped, or until 90 s after the last sign of life of its player. The span is at most 744 hours; the
/// last 24 without `from`.
#[utoipa::path(
    get, path = "/v1/analytics/concurrency", tag = "analytics", params(Span),
    responses((status = 200, body = Concurrency), Problem)
)]
pub(super) async fn get_concurrency(
    State(GetConcurrency { clickhouse, world }): State<GetConcurrency>,
    _: Editor,
    Query(span): Query<Span>,
) -> Result<Json<Concurrency>, Problem> {
    let (hours, moment) = (problems::hours(span, &world, USUAL_HOURS, MOST_HOURS)?, world.now());
    let found = async {
        futures::try_join!(concurrency::live_at(&clickhouse, moment), concurrency::peak(&clickhouse, hours, moment))
    };
    let (now, (peak, peak_at)) = problems::patiently(found).await?;
    Ok(Json(Concurrency { now, hours, peak, peak_at }))
}
