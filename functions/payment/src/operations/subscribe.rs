//! `POST /v1/subscriptions`: begins a trial, charges a saved method, or opens a page on which the person pays. ◆

use cinema_http::{Account, IdempotencyKey, Json, Problem, Response, State, StatusCode, Uncapped};
use events::Transaction;
use kernel::{PaymentId, PriceId, SubscriptionId};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use stores::StoreError;
use utoipa::ToSchema;

use super::reload;
use crate::{
    billing::{Billing, Through},
    invoice::Invoice,
    payment::{Payment, Status as PaymentStatus, Way},
    problems::{no_such_price, no_such_promo, payment_declined, provider_unavailable, subscription_exists},
    promo::Code,
    store::{erased_accounts, payments, plans, promos, subscriptions, subscriptions::Stored},
    subscription::{NotNow, Status, Subscription},
    terms::Terms,
    view::SubscriptionAnswer,
};

runtime::wire! { pub(super) struct Subscribe { billing: Billing, public_url: PublicUrl } }

/// Where the provider's page leads back to.
pub(super) const RETURN_PATH: &str = "/#/account";

/// What somebody wants to have.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscribeRequest {
    /// From `GET /v1/plans`.
    price_id: PriceId,
    /// Takes something off the first periods.
    promo_code: Option<Code>,
}

/// Subscribes.
///
/// An account that never had a subscription begins with the price's trial and pays nothing yet. Otherwise the saved method is charged, or
/// `checkout_url` is where the person pays, also within a day after a decline; repeating the request gives the same page while it is open. A provider that
/// does not answer makes the payment `unknown`: it is found out by itself.
///
/// 409 `subscription_exists`, and `subscription_ended` when another request took its place meanwhile. 402 `payment_declined` when the saved method was declined. 422 for a price that is not offered here and a promo code
/// that cannot be used. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/subscriptions", tag = "payment",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    request_body = SubscribeRequest, responses((status = 201, body = SubscriptionAnswer), Problem)
)]
pub(super) async fn subscribe(
    State(Subscribe { billing, public_url }): State<Subscribe>,
    account: Uncapped<10>,
    key: IdempotencyKey,
    Json(request): Json<SubscribeRequest>,
) -> Result<Response, Problem> {
    let now = billing.world().now();
    if let Some(answer) = key.stored(billing.outbox().pool(), account.id, &request, now).await? {
        return Ok(answer);
    }
    let return_url = public_url.join(RETURN_PATH);
    billing.look_at_page(account.id).await.map_err(StoreError::from)?;
    let begun = async |tx: &mut Transaction<'_>| begin(&billing, tx, &account, &request, return_url).await;
    let (subscription, payment) = billing.outbox().transact(begun).await?;
    let payment = collect(&billing, payment).await?;
    billing
        .outbox()
        .transact(async |tx| {
            key.once(tx, account.id, &request, now, async |tx| {
                let stored =
                    subscriptions::lock(tx, subscription).await?.ok_or_else(|| Problem::internal("it is gone"))?;
                // Another request has taken its place meanwhile: what is paid on its page would go back.
                if stored.state.status == Status::Ended {
                    return Err(NotNow::Ended.into());
                }
                Ok((StatusCode::CREATED, SubscriptionAnswer::of(&stored, payment.as_ref(), billing.world().now())))
            })
            .await
        })
        .await
}

/// Commits what is wanted, before the provider hears of it.
async fn begin(
    billing: &Billing,
    tx: &mut Transaction<'_>,
    account: &Account,
    request: &SubscribeRequest,
    return_url: String,
) -> Result<(SubscriptionId, Option<PaymentId>), Problem> {
    let (id, now) = (account.id, billing.world().now());
    subscriptions::lock_account(tx, id).await?;
    if erased_accounts::contains(tx, id).await? {
        return Err(Problem::unauthorized("invalid_token", "This account was deleted."));
    }
    let offered = plans::find_offered(tx, request.price_id, &account.origin.territory).await?;
    let (plan, price) = offered.ok_or_else(no_such_price)?;
    let terms = plan.terms(&price);
    if let Some(live) = subscriptions::lock_live(tx, id).await?
        && let Some(again) = go_on(billing, tx, live, &terms, request, &return_url).await?
    {
        return Ok(again);
    }
    let discount = match &request.promo_code {
        Some(code) => Some(promos::find(tx, code.as_str(), id, now).await?.ok_or_else(no_such_promo)?),
        None => None,
    };
    let trial_days = if subscriptions::had_any(tx, id).await? { 0 } else { price.price.trial_days };
    let state = Subscription::begin(terms, trial_days, discount, now);
    let mut stored = subscriptions::add(tx, billing.world().id(), id, &state, now).await?;
    if let Some(code) = &request.promo_code
        && !promos::redeem(tx, code.as_str(), id, stored.id, now).await?
    {
        return Err(no_such_promo());
    }
    if state.status == Status::Trialing {
        billing.put(tx, &mut stored).await?;
        return Ok((stored.id, None));
    }
    let through = billing.through(tx, id, return_url).await?;
    let invoice = Invoice::of_period(id, stored.id, state.bill().map_err(Problem::internal)?, now);
    let invoice = invoice.map_err(Problem::internal)?;
    let payment = billing.bill(tx, &mut stored, invoice, through).await?;
    Ok((stored.id, payment))
}

/// A subscription that still waits for its first payment: the same one is paid on; another takes its place. `None` when it made room.
async fn go_on(
    billing: &Billing,
    tx: &mut Transaction<'_>,
    mut live: Stored,
    terms: &Terms,
    request: &SubscribeRequest,
    return_url: &str,
) -> Result<Option<(SubscriptionId, Option<PaymentId>)>, Problem> {
    let now = billing.world().now();
    if live.state.status != Status::Pending {
        return Err(subscription_exists());
    }
    let used = promos::used_for(tx, live.id).await?;
    let is_same = live.state.terms == *terms && used.as_deref() == request.promo_code.as_ref().map(Code::as_str);
    if !is_same {
        live.state.end(now);
        billing.put(tx, &mut live).await?;
        return Ok(None);
    }
    if let Some(payment) = payments::under_way_of(&mut **tx, live.id).await? {
        return Ok(Some((live.id, Some(payment.id))));
    }
    let Some(account) = live.account else { return Ok(None) };
    let bill = live.state.bill().map_err(Problem::internal)?;
    let invoice = Invoice::of_period(account, live.id, bill, now).map_err(Problem::internal)?;
    let through = Through::Checkout { return_url: return_url.to_owned() };
    let payment = billing.bill(tx, &mut live, invoice, through).await?;
    Ok(Some((live.id, payment)))
}

/// Asks the provider, unless it has answered before.
pub(super) async fn collect(billing: &Billing, id: Option<PaymentId>) -> Result<Option<Payment>, Problem> {
    let Some(known) = reload(billing.outbox().pool(), id).await? else { return Ok(None) };
    let is_asked = known.checks > 0 && (known.way == Way::Charge || known.checkout_url.is_some());
    let has_answer = is_asked || !known.status.is_under_way();
    let payment = if has_answer { Some(known) } else { billing.collect(known.id).await? };
    match payment {
        Some(payment) if matches!(payment.status, PaymentStatus::Failed | PaymentStatus::Canceled) => {
            Err(payment_declined(&payment))
        }
        Some(payment)
            if payment.status == PaymentStatus::Pending
                && payment.way == Way::Checkout
                && payment.checkout_url.is_none() =>
        {
            Err(provider_unavailable("no page could be opened"))
        }
        payment => Ok(payment),
    }
}
