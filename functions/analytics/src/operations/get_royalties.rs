//! `GET /v1/analytics/royalties?month=`: who gets how much of a month's net revenue.

use cinema_http::{Json, Problem, Query, State, Support};
use kernel::World;
use serde::Deserialize;
use stores::ClickHouse;
use utoipa::IntoParams;

use crate::{
    month::Month,
    problems,
    royalties::{Royalties, WHOLE_BASIS_POINTS},
    store::{revenue, royalties},
};

runtime::wire! {
    pub(super) struct GetRoyalties {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// Which month, and how much of it.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RoyaltiesParams {
    /// A calendar month in UTC.
    #[param(value_type = Month)]
    month: Month,
    /// Hundredths of a percent of the net revenue that are shared; all of it without.
    #[param(minimum = 0, maximum = 10_000)]
    basis_points: Option<u16>,
}

/// The statement of royalties.
///
/// Every rights holder gets the part of the pool that people watched of its titles: milliseconds played in sessions that began in the month, over those
/// of everybody. Amounts are rounded by largest remainder, so that they sum to the pool to the minor unit. A title belongs to whom it named when the
/// month ended. Time of sessions that were erased since stays in the statement, without the person. Events that come late change it; the same events give
/// the same bytes. The statement carries its queries, so that it can be recomputed.
#[utoipa::path(
    get, path = "/v1/analytics/royalties", tag = "analytics", params(RoyaltiesParams),
    responses((status = 200, body = Royalties), Problem)
)]
pub(super) async fn get_royalties(
    State(GetRoyalties { clickhouse, world }): State<GetRoyalties>,
    _: Support,
    Query(RoyaltiesParams { month, basis_points }): Query<RoyaltiesParams>,
) -> Result<Json<Royalties>, Problem> {
    let basis_points = basis_points.unwrap_or(WHOLE_BASIS_POINTS);
    if basis_points > WHOLE_BASIS_POINTS {
        return Err(Problem::invalid("basis_points", format!("must be at most {WHOLE_BASIS_POINTS}")));
    }
    let found = async { futures::try_join!(revenue::net(&clickhouse, month), royalties::watched(&clickhouse, month)) };
    let (net, watched) = problems::patiently(found).await?;
    let queries = (royalties::watched_statement(month), revenue::net_statement(month));
    Ok(Json(Royalties::new((month, month.ends() <= world.now()), basis_points, &net, watched, queries)))
}
