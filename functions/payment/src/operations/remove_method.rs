//! `DELETE /v1/payment-methods/{id}`: forgets a saved way to pay, here and at the provider.

use cinema_http::{Path, Problem, State, StatusCode, Uncapped};
use kernel::MethodId;
use stores::postgres;

use crate::{
    billing::Billing,
    store::{methods, subscriptions},
};

runtime::wire! { pub(super) struct RemoveMethod { billing: Billing } }

/// Forgets a saved method. Repeating it changes nothing.
///
/// 409 `last_method` while a subscription that goes on would be charged to it: cancel first, or pay with another one.
#[utoipa::path(
    delete, path = "/v1/payment-methods/{id}", tag = "payment", params(("id" = inline(MethodId), Path)),
    responses((status = 204, description = "It is gone."), Problem)
)]
pub(super) async fn remove_method(
    State(RemoveMethod { billing }): State<RemoveMethod>,
    account: Uncapped<10>,
    Path(id): Path<MethodId>,
) -> Result<StatusCode, Problem> {
    let removed = postgres::transact(billing.outbox().pool(), async |tx| {
        subscriptions::lock_account(tx, account.id).await?;
        let saved = methods::list(&mut *tx, account.id).await?;
        let Some(method) = saved.iter().find(|method| method.id == id).cloned() else { return Ok::<_, Problem>(None) };
        let live = subscriptions::lock_live(tx, account.id).await?;
        if live.is_some_and(|live| live.state.is_renewed()) && saved.len() == 1 {
            let detail = "Your subscription is charged to this method. Cancel it first, or pay with another one.";
            return Err(Problem::conflict("last_method", detail));
        }
        methods::delete(tx, account.id, id).await?;
        Ok(Some(method))
    })
    .await?;
    // Here it is forgotten whatever the provider says: nothing charges it any more.
    if let Some(method) = removed
        && let Err(error) = billing.providers().detach(&method.provider, &method.token).await
    {
        tracing::warn!(%error, method = %method.id, "the provider still keeps a removed method");
    }
    Ok(StatusCode::NO_CONTENT)
}
