//! `GET /v1/admin/titles/{id}/audit`: who changed what of a title, newest first.

use cinema_http::{Editor, Json, Page, PageParams, Pages, Path, Problem, State};
use kernel::TitleId;
use sqlx::PgPool;

use crate::{
    audit::AuditEntry,
    problems::no_such_title,
    store::{
        audit::{self, Recorded},
        titles,
    },
};

runtime::wire! { pub(super) struct ListAudit { pool: PgPool } }

/// Every change of a title with what it changed: pointers into the title as its editor sees it.
#[utoipa::path(
    get, path = "/v1/admin/titles/{id}/audit", tag = "catalog", params(("id" = TitleId, Path), PageParams),
    responses((status = 200, body = Page<AuditEntry>), Problem)
)]
pub(super) async fn list_audit(
    State(ListAudit { pool }): State<ListAudit>,
    Editor(_editor): Editor,
    Path(id): Path<TitleId>,
    pages: Pages,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let rows = audit::list(&pool, id, pages.after()?, pages.rows()).await?;
    if rows.is_empty() && !titles::is_there(&pool, id).await? {
        return Err(no_such_title());
    }
    Ok(Json(pages.page(rows, |row: &Recorded| row.id, AuditEntry::of)))
}
