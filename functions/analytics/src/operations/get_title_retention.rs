//! `GET /v1/analytics/titles/{id}/retention`: how many sessions played each ten seconds of a title.

use cinema_http::{Editor, Json, Path, Problem, Query, State};
use kernel::TitleId;
use stores::ClickHouse;

use crate::{
    problems,
    retention::{PART_SECONDS, Retention},
    span::Span,
    store::{retention, title_hours},
};

runtime::wire! {
    pub(super) struct GetTitleRetention {
        clickhouse: ClickHouse,
    }
}

/// Where viewers stay and where they leave, per ten seconds.
///
/// A session counts for a part once it played something of it. `watched[n] / sessions` is the share of sessions that saw the part from `n × 10 s` on.
#[utoipa::path(
    get, path = "/v1/analytics/titles/{id}/retention", tag = "analytics",
    params(("id" = TitleId, Path, description = "The title."), Span),
    responses((status = 200, body = Retention), Problem)
)]
pub(super) async fn get_title_retention(
    State(GetTitleRetention { clickhouse }): State<GetTitleRetention>,
    _: Editor,
    Path(id): Path<TitleId>,
    Query(span): Query<Span>,
) -> Result<Json<Retention>, Problem> {
    let found = async {
        let known = title_hours::is_known(&clickhouse, id);
        futures::try_join!(known, retention::watched(&clickhouse, id, span, PART_SECONDS))
    };
    let (is_known, (sessions, parts)) = problems::patiently(found).await?;
    if !is_known {
        return Err(Problem::not_found("title"));
    }
    Ok(Json(Retention::new(id, span, sessions, &parts)))
}
