//! `DELETE /v1/admin/genres/{slug}`: a genre that no title has goes.

use cinema_http::{Editor, Path, Problem, State, StatusCode};
use sqlx::PgPool;
use stores::postgres;

use crate::{problems::in_use, store::genres, text::Slug};

runtime::wire! { pub(super) struct DeleteGenre { pool: PgPool } }

/// A genre that a title has, in whatever state, stays. Repeating it changes nothing.
#[utoipa::path(
    delete, path = "/v1/admin/genres/{slug}", tag = "catalog", params(("slug" = inline(Slug), Path)),
    responses((status = 204, description = "There is no such genre"), Problem)
)]
pub(super) async fn delete_genre(
    State(DeleteGenre { pool }): State<DeleteGenre>,
    Editor(_editor): Editor,
    Path(slug): Path<Slug>,
) -> Result<StatusCode, Problem> {
    postgres::transact(&pool, async |tx| {
        let is_there = genres::lock(tx, &slug).await?.is_some();
        if is_there && genres::is_used(tx, &slug).await? {
            return Err(in_use("genre"));
        }
        genres::delete(tx, &slug).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
