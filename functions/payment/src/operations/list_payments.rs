//! `GET /v1/payments`: what the caller has paid, the newest first.

use cinema_http::{Account, Cached, HeaderMap, Page, PageParams, Pages, Problem, State};
use kernel::World;
use sqlx::PgPool;

use crate::{payment::Payment, store::payments, view::PaymentView};

runtime::wire! { pub(super) struct ListPayments { pool: PgPool, world: World } }

/// The caller's payments.
#[utoipa::path(
    get, path = "/v1/payments", tag = "payment", params(PageParams),
    responses((status = 200, body = Page<PaymentView>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_payments(
    State(ListPayments { pool, world }): State<ListPayments>,
    account: Account,
    pages: Pages,
    headers: HeaderMap,
) -> Result<Cached<Page<PaymentView>>, Problem> {
    let rows = payments::list(&pool, account.id, pages.after()?, pages.rows()).await?;
    let place = |payment: &Payment| (payment.created_at, payment.id);
    Ok(Cached::private(pages.page(rows, place, |payment| PaymentView::of(&payment, world.now())), &headers))
}
