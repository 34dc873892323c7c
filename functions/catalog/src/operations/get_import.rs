//! `GET /v1/admin/import/{id}`: what became of the titles that a provider was asked for.

use cinema_http::{Editor, Json, Path, Problem, State};
use kernel::{MetadataImportId, World};
use sqlx::PgPool;

use crate::{import::Import, problems::no_such_import, store::imports};

runtime::wire! { pub(super) struct GetImport { pool: PgPool, world: World } }

/// An import of whichever editor; for 90 days. A title of which nothing was heard for an hour after it was due is `failed` with `unfinished`; it can
/// still become `done`.
#[utoipa::path(
    get, path = "/v1/admin/import/{id}", tag = "catalog", params(("id" = MetadataImportId, Path)),
    responses((status = 200, body = Import), Problem)
)]
pub(super) async fn get_import(
    State(GetImport { pool, world }): State<GetImport>,
    _: Editor,
    Path(id): Path<MetadataImportId>,
) -> Result<Json<Import>, Problem> {
    imports::find(&pool, id, world.now()).await?.map(Json).ok_or_else(no_such_import)
}
