//! `GET /v1/payment-methods`: the caller's saved ways to pay.

use cinema_http::{Account, Json, Page, Problem, State};
use sqlx::PgPool;

use crate::{store::methods, view::MethodView};

runtime::wire! { pub(super) struct ListMethods { pool: PgPool } }

/// Saved ways to pay, the one that is charged first; there is only one page. One is saved when somebody pays for a plan on a
/// provider's page.
#[utoipa::path(
    get, path = "/v1/payment-methods", tag = "payment", responses((status = 200, body = Page<MethodView>), Problem)
)]
pub(super) async fn list_methods(
    State(ListMethods { pool }): State<ListMethods>,
    account: Account,
) -> Result<Json<Page<MethodView>>, Problem> {
    let saved = methods::list(&pool, account.id).await?;
    Ok(Json(Page { items: saved.into_iter().map(MethodView::from).collect(), next_cursor: None }))
}
