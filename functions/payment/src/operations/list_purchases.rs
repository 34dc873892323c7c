//! `GET /v1/purchases`: what the caller rents and has bought, the newest first.

use cinema_http::{Account, Cached, HeaderMap, Page, PageParams, Pages, Problem, State};
use kernel::World;
use sqlx::PgPool;

use crate::{purchase::Purchase, store::purchases, view::PurchaseView};

runtime::wire! { pub(super) struct ListPurchases { pool: PgPool, world: World } }

/// The caller's purchases, those that are over and those that were given back among them.
#[utoipa::path(
    get, path = "/v1/purchases", tag = "payment", params(PageParams),
    responses((status = 200, body = Page<PurchaseView>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_purchases(
    State(ListPurchases { pool, world }): State<ListPurchases>,
    account: Account,
    pages: Pages,
    headers: HeaderMap,
) -> Result<Cached<Page<PurchaseView>>, Problem> {
    let rows = purchases::list(&pool, account.id, pages.after()?, pages.rows()).await?;
    let place = |purchase: &Purchase| (purchase.created_at, purchase.id);
    Ok(Cached::private(pages.page(rows, place, |purchase| PurchaseView::of(&purchase, world.now())), &headers))
}
