//! `GET /v1/analytics/experiments/{key}`: what came of an experiment on the home page.

use cinema_http::{Editor, Json, Path, Problem, State};
use kernel::World;
use stores::ClickHouse;

use crate::{experiment::ExperimentReadout, problems, store::experiments};

runtime::wire! {
    pub(super) struct GetExperiment {
        clickhouse: ClickHouse,
        world: World,
    }
}

/// What profiles did in the seven days after a variant served them for the first time.
///
/// Conversion and watched hours of each variant, and how far they are from those of the control, each with its interval of 95 % confidence. Only
/// profiles whose seven days are over count; the others are `pending`. 404 for an experiment that served nobody.
#[utoipa::path(
    get, path = "/v1/analytics/experiments/{key}", tag = "analytics",
    params(("key" = String, Path, description = "The experiment's key")),
    responses((status = 200, body = ExperimentReadout), Problem)
)]
pub(super) async fn get_experiment(
    State(GetExperiment { clickhouse, world }): State<GetExperiment>,
    _: Editor,
    Path(key): Path<String>,
) -> Result<Json<ExperimentReadout>, Problem> {
    let outcomes = problems::patiently(experiments::outcomes(&clickhouse, &key, world.now())).await?;
    ExperimentReadout::new(key, outcomes).map(Json).ok_or_else(problems::no_such_experiment)
}
