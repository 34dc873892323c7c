//! `GET /v1/invoices/{id}`: one invoice or credit note of the caller's.

use cinema_http::{Account, Cached, HeaderMap, Path, Problem, State};
use kernel::InvoiceId;
use sqlx::PgPool;

use crate::{store::invoices, view::InvoiceView};

runtime::wire! { pub(super) struct GetInvoice { pool: PgPool } }

/// An invoice; once issued it never changes, but for the language in which it says what was sold.
#[utoipa::path(
    get, path = "/v1/invoices/{id}", tag = "payment", params(("id" = inline(InvoiceId), Path)),
    responses((status = 200, body = InvoiceView), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn get_invoice(
    State(GetInvoice { pool }): State<GetInvoice>,
    account: Account,
    Path(id): Path<InvoiceId>,
    headers: HeaderMap,
) -> Result<Cached<InvoiceView>, Problem> {
    let invoice = invoices::find(&pool, account.id, id).await?.ok_or_else(|| Problem::not_found("invoice"))?;
    Ok(Cached::private(InvoiceView::of(invoice, &account.languages(&headers)), &headers))
}
