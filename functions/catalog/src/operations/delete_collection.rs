//! `DELETE /v1/admin/collections/{slug}`: a collection goes, its titles stay.

use cinema_http::{Editor, Path, Problem, State, StatusCode};
use sqlx::PgPool;

use crate::{store::collections, text::Slug};

runtime::wire! { pub(super) struct DeleteCollection { pool: PgPool } }

/// Repeating it changes nothing.
#[utoipa::path(
    delete, path = "/v1/admin/collections/{slug}", tag = "catalog", params(("slug" = inline(Slug), Path)),
    responses((status = 204, description = "There is no such collection"), Problem)
)]
pub(super) async fn delete_collection(
    State(DeleteCollection { pool }): State<DeleteCollection>,
    Editor(_editor): Editor,
    Path(slug): Path<Slug>,
) -> Result<StatusCode, Problem> {
    collections::delete(&pool, &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}
