//! `GET /v1/admin/experiments`: experiments by their keys.

use cinema_http::{Admin, Json, Page, PageParams, Pages, Problem, State};
use runtime::Access;
use stores::Table;

use crate::{experiment::Experiment, library::answered, store::experiments};

runtime::wire! {
    pub(super) struct ListExperiments {
        table: Table = |boot| boot.table("tastes", Access::Read),
    }
}

/// Every experiment: drafts, the one that runs, and those that were stopped. What came of one is in `GET /v1/analytics/experiments/{key}`.
#[utoipa::path(
    get, path = "/v1/admin/experiments", tag = "recommendation", params(PageParams),
    responses((status = 200, body = Page<Experiment>), Problem)
)]
pub(super) async fn list_experiments(
    State(ListExperiments { table }): State<ListExperiments>,
    _admin: Admin,
    pages: Pages,
) -> Result<Json<Page<Experiment>>, Problem> {
    let count = usize::try_from(pages.rows()).unwrap_or_default();
    let rows = answered(experiments::list(&table, pages.after::<String>()?.as_deref(), count)).await?;
    Ok(Json(pages.page(rows, |row: &Experiment| row.key.clone(), |row| row)))
}
