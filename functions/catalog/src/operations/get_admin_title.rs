//! `GET /v1/admin/titles/{id}`: a title in whatever state, with what became of its files.

use cinema_http::{Editor, Path, Problem, State};
use kernel::{TitleId, World};
use runtime::PublicUrl;
use sqlx::PgPool;

use super::{Edited, edited};
use crate::{edited::EditedTitle, problems::no_such_title, store::titles};

runtime::wire! { pub(super) struct GetAdminTitle { pool: PgPool, world: World, public_url: PublicUrl } }

#[utoipa::path(
    get, path = "/v1/admin/titles/{id}", tag = "catalog", params(("id" = TitleId, Path)),
    responses((status = 200, body = EditedTitle), Problem)
)]
pub(super) async fn get_admin_title(
    State(GetAdminTitle { pool, world, public_url }): State<GetAdminTitle>,
    _: Editor,
    Path(id): Path<TitleId>,
) -> Result<Edited, Problem> {
    let found = titles::find(&pool, id).await?.ok_or_else(no_such_title)?;
    Ok(edited(&found.title, world.now(), &public_url))
}
