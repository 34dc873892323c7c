//! `GET /v1/invoices/{id}/pdf`: one invoice or credit note of the caller's, to keep and to print.

use cinema_http::{Account, HeaderMap, HeaderValue, IntoResponse, Path, Problem, Response, State, header};
use kernel::InvoiceId;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{
    invoice::{Invoice, printed},
    language::Language,
    pdf,
    store::invoices,
};

runtime::wire! { pub(super) struct PrintInvoice { pool: PgPool } }

/// One page of A4 whose text can be searched and copied.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only the document names it")]
pub(super) struct InvoicePdf(Vec<u8>);

/// An invoice as a PDF; the same invoice gives the same bytes.
///
/// In the language of the profile, or the first of `Accept-Language` that is English or Russian. Ask with `Accept: application/pdf`.
#[utoipa::path(
    get, path = "/v1/invoices/{id}/pdf", tag = "payment", params(("id" = inline(InvoiceId), Path)),
    responses((status = 200, body = InvoicePdf, content_type = "application/pdf"), Problem)
)]
pub(super) async fn print_invoice(
    State(PrintInvoice { pool }): State<PrintInvoice>,
    account: Account,
    Path(id): Path<InvoiceId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let invoice = invoices::find(&pool, account.id, id).await?.ok_or_else(|| Problem::not_found("invoice"))?;
    let corrected = match invoice.corrects {
        Some(corrected) => invoices::find(&pool, account.id, corrected).await?,
        None => None,
    };
    let corrects = corrected.as_ref().map(number);
    let language = Language::of(&account.languages(&headers));
    let bytes = pdf::print(&invoice, corrects.as_deref(), language).map_err(Problem::internal)?;
    Ok(file(&number(&invoice), bytes))
}

fn number(invoice: &Invoice) -> String {
    invoice.number.map_or_else(|| invoice.id.to_string(), |number| printed(&invoice.seller, number))
}

fn file(name: &str, bytes: Vec<u8>) -> Response {
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}.pdf\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment"))),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    (headers, bytes).into_response()
}
