//! `PUT /v1/admin/experiments/{key}`: plans, changes, begins or stops an experiment on the home page.

use cinema_http::{Admin, HeaderName, IfMatch, Json, Path, Problem, State, header};
use kernel::World;
use runtime::Access;
use stores::Table;

use crate::{
    experiment::{Experiment, ExperimentRequest},
    library::answered,
    problems::{another_experiment_runs, no_such_experiment, too_many_changes},
    slug::is_slug,
    store::experiments::{self, Written},
};

/// So often it is decided again when somebody else was faster.
const ATTEMPTS: usize = 3;

runtime::wire! {
    pub(super) struct PutExperiment {
        table: Table = |boot| boot.table("tastes", Access::ReadWrite),
        world: World,
    }
}

/// Makes a draft, changes it, begins or stops it.
///
/// One experiment runs at a time, so that each is judged alone: 409 `experiment_running` names the other. Once it has begun its variants stay as they
/// are (409 `experiment_started`), and one that was stopped stays so (409 `experiment_stopped`): figures of profiles that were served by two variants say
/// nothing. Pages hear of it within a minute. Repeating it changes nothing.
#[utoipa::path(
    put, path = "/v1/admin/experiments/{key}", tag = "recommendation", request_body = ExperimentRequest,
    params(
        ("key" = String, Path, description = "Its name: 1 to 100 small letters, digits and dashes."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")
    ),
    responses((status = 200, body = Experiment), Problem)
)]
pub(super) async fn put_experiment(
    State(PutExperiment { table, world }): State<PutExperiment>,
    _admin: Admin,
    Path(key): Path<String>,
    if_match: IfMatch,
    Json(request): Json<ExperimentRequest>,
) -> Result<([(HeaderName, String); 1], Json<Experiment>), Problem> {
    if !is_slug(&key) {
        return Err(no_such_experiment());
    }
    for _ in 0..ATTEMPTS {
        let before = answered(experiments::get(&table, &key)).await?;
        if_match.check(&etag(before.as_ref().map_or(0, |before| before.version)))?;
        let after = Experiment::changed(before.as_ref(), &key, &request, world.now())?;
        let written = match before.as_ref() {
            Some(before) if *before == after => Written::Done,
            before => answered(experiments::put(&table, before, &after)).await?,
        };
        match written {
            Written::Done => return Ok(([(header::ETAG, etag(after.version))], Json(after))),
            Written::AnotherRuns => {
                let running = answered(experiments::running(&table)).await?;
                return Err(another_experiment_runs(running.as_ref()));
            }
            Written::Outdated => {}
        }
    }
    Err(too_many_changes())
}

/// Nobody has seen version 0: no tag but `*` fits an experiment that is not there.
fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
