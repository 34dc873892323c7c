//! `GET /v1/analytics/titles/{id}/overview`: views, unique viewers, watch time and completion of a title, from the hourly roll-up.

use cinema_http::{Editor, Json, Path, Problem, Query, State};
use kernel::TitleId;
use stores::ClickHouse;

use crate::{overview::Overview, problems, span::Span, store::title_hours};

runtime::wire! {
    pub(super) struct GetTitleOverview {
        clickhouse: ClickHouse,
    }
}

/// Views, unique viewers, watch time and completion.
///
/// A **view** is a playback session in which at least 30 s of the title, or at least 5 % of its running time, were played. **Unique viewers**
/// are different profiles with at least one view; they are counted over the whole span, never added up. **Watch time** is what was really
/// played in all sessions. A view is **completed** when at least 90 % of the running time were played. A session belongs to the hour (UTC) in
/// which it began. The roll-up runs every hour, so the current hour may lag behind by up to an hour.
#[utoipa::path(
    get, path = "/v1/analytics/titles/{id}/overview", tag = "analytics",
    params(("id" = TitleId, Path, description = "The title."), Span),
    responses((status = 200, body = Overview), Problem)
)]
pub(super) async fn get_title_overview(
    State(GetTitleOverview { clickhouse }): State<GetTitleOverview>,
    _: Editor,
    Path(id): Path<TitleId>,
    Query(span): Query<Span>,
) -> Result<Json<Overview>, Problem> {
    let totals = problems::patiently(title_hours::totals(&clickhouse, id, span.from, span.until)).await?;
    if !totals.is_known {
        return Err(Problem::not_found("title"));
    }
    Ok(Json(Overview::new(id, span, &totals)))
}
