//! `GET /v1/invoices`: the caller's invoices and credit notes, the newest first.

use cinema_http::{Account, Cached, HeaderMap, Page, PageParams, Pages, Problem, State};
use sqlx::PgPool;

use crate::{invoice::Invoice, store::invoices, view::InvoiceView};

runtime::wire! { pub(super) struct ListInvoices { pool: PgPool } }

/// The caller's invoices. What is not paid has none yet.
#[utoipa::path(
    get, path = "/v1/invoices", tag = "payment", params(PageParams),
    responses((status = 200, body = Page<InvoiceView>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_invoices(
    State(ListInvoices { pool }): State<ListInvoices>,
    account: Account,
    pages: Pages,
    headers: HeaderMap,
) -> Result<Cached<Page<InvoiceView>>, Problem> {
    let rows = invoices::list(&pool, account.id, pages.after()?, pages.rows()).await?;
    let place = |invoice: &Invoice| (invoice.issued_at, invoice.id);
    let languages = account.languages(&headers);
    Ok(Cached::private(pages.page(rows, place, |invoice| InvoiceView::of(invoice, &languages)), &headers))
}
