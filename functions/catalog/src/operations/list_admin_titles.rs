//! `GET /v1/admin/titles`: every title with its state, drafts of dropped files included.

use cinema_http::{Editor, Json, Page, PageParams, Pages, Problem, State};
use kernel::World;
use runtime::PublicUrl;
use sqlx::PgPool;

use crate::{
    edited_card::{EditedTitleCard, Filter},
    store::titles::{self, ListedTitle},
};

runtime::wire! { pub(super) struct ListAdminTitles { pool: PgPool, world: World, public_url: PublicUrl } }

/// The newest first.
#[utoipa::path(
    get, path = "/v1/admin/titles", tag = "catalog", params(Filter, PageParams),
    responses((status = 200, body = Page<EditedTitleCard>), Problem)
)]
pub(super) async fn list_admin_titles(
    State(ListAdminTitles { pool, world, public_url }): State<ListAdminTitles>,
    _: Editor,
    pages: Pages<Filter>,
) -> Result<Json<Page<EditedTitleCard>>, Problem> {
    let rows = titles::list(&pool, pages.filter.state, pages.after()?, pages.rows()).await?;
    let (now, place) = (world.now(), |row: &ListedTitle| (row.key.clone(), row.title.id));
    Ok(Json(pages.page(rows, place, |row| EditedTitleCard::of(row.title, row.created_at, now, &public_url))))
}
