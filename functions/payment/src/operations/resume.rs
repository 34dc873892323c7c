//! `POST /v1/subscriptions/me/resume`: goes on after all, or pays what is late.

use cinema_http::{Account, Json, Problem, State, Uncapped};
use events::Transaction;
use kernel::{PaymentId, SubscriptionId};
use runtime::PublicUrl;
use stores::StoreError;

use super::subscribe::{RETURN_PATH, collect};
use crate::{
    billing::{Billing, Through},
    invoice::Invoice,
    problems::{change_scheduled, no_subscription, payment_under_way},
    store::{methods, payments, subscriptions},
    subscription::Status,
    view::SubscriptionAnswer,
};

runtime::wire! { pub(super) struct Resume { billing: Billing, public_url: PublicUrl } }

/// Takes a cancellation or a pause back; where there is none, pays.
///
/// Where a payment is late or a pause ends, and during a trial without a saved method, `checkout_url` is a page on which the next period can be
/// paid; what is paid during a trial begins with its end. A paid period is not paid ahead: where nothing is saved, the next one is late when it is
/// due, and this gives its page.
///
/// 409 `subscription_ended`, `change_scheduled` for paying ahead during a trial that another plan follows, and `payment_under_way` while a page that was
/// opened before takes payments although nothing needs it.
#[utoipa::path(
    post, path = "/v1/subscriptions/me/resume", tag = "payment",
    responses((status = 200, body = SubscriptionAnswer), Problem)
)]
pub(super) async fn resume(
    State(Resume { billing, public_url }): State<Resume>,
    account: Uncapped<10>,
) -> Result<Json<SubscriptionAnswer>, Problem> {
    let pool = billing.outbox().pool();
    // A page that was withdrawn is closed before there is another for the same period.
    if let Some(newest) = subscriptions::find_newest(pool, account.id).await?
        && let Some(page) = payments::withdrawn_of(pool, newest.id).await?
    {
        billing.resolve(page.id).await.map_err(StoreError::from)?;
    }
    let begun = async |tx: &mut Transaction<'_>| begin(&billing, tx, &account, public_url.join(RETURN_PATH)).await;
    let (subscription, payment) = billing.outbox().transact(begun).await?;
    let payment = collect(&billing, payment).await?;
    let stored = subscriptions::find_newest(billing.outbox().pool(), account.id).await?;
    let stored = stored.filter(|stored| stored.id == subscription).ok_or_else(no_subscription)?;
    Ok(Json(SubscriptionAnswer::of(&stored, payment.as_ref(), billing.world().now())))
}

async fn begin(
    billing: &Billing,
    tx: &mut Transaction<'_>,
    account: &Account,
    return_url: String,
) -> Result<(SubscriptionId, Option<PaymentId>), Problem> {
    let (id, now) = (account.id, billing.world().now());
    subscriptions::lock_account(tx, id).await?;
    let mut stored = subscriptions::lock_newest(tx, id).await?.ok_or_else(no_subscription)?;
    let before = stored.state.clone();
    stored.state.resume(now)?;
    let is_taken_back = stored.state != before;
    if is_taken_back {
        billing.put(tx, &mut stored).await?;
    }
    if let Some(payment) = payments::under_way_of(&mut **tx, stored.id).await? {
        return Ok((stored.id, Some(payment.id)));
    }
    let has_method = methods::find_default(tx, id).await?.is_some();
    let bill = stored.state.bill().map_err(Problem::internal)?;
    let must_pay = match stored.state.status {
        Status::Pending | Status::PastDue | Status::Suspended => true,
        Status::Paused => !has_method,
        // Whoever goes on with a trial has not asked to pay for it already.
        Status::Trialing => !has_method && !is_taken_back && bill.amount.minor > 0,
        Status::Active | Status::Ended => false,
    };
    if !must_pay {
        return Ok((stored.id, None));
    }
    let is_ahead = stored.state.status == Status::Trialing && now < stored.state.to;
    if is_ahead && stored.state.next_terms.is_some() {
        return Err(change_scheduled());
    }
    let invoice = Invoice::of_period(id, stored.id, bill, now).map_err(Problem::internal)?;
    let costs = invoice.amount.minor > 0;
    match billing.bill(tx, &mut stored, invoice, Through::Checkout { return_url }).await? {
        None if costs => Err(payment_under_way()),
        payment => Ok((stored.id, payment)),
    }
}
