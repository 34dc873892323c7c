//! `GET /v1/payments/{id}`: one payment of the caller's.

use cinema_http::{Account, Json, Path, Problem, State};
use kernel::{PaymentId, World};
use sqlx::PgPool;

use crate::{store::payments, view::PaymentView};

runtime::wire! { pub(super) struct GetPayment { pool: PgPool, world: World } }

/// A payment. While its outcome is not known, ask again in some seconds.
#[utoipa::path(
    get, path = "/v1/payments/{id}", tag = "payment", params(("id" = inline(PaymentId), Path)),
    responses((status = 200, body = PaymentView), Problem)
)]
pub(super) async fn get_payment(
    State(GetPayment { pool, world }): State<GetPayment>,
    account: Account,
    Path(id): Path<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let payment = payments::find_own(&pool, account.id, id).await?.ok_or_else(|| Problem::not_found("payment"))?;
    Ok(Json(PaymentView::of(&payment, world.now())))
}
