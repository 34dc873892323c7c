//! `POST /v1/subscriptions/me/change`: another price, for exactly what its preview said. ◆

use cinema_http::{Account, IdempotencyKey, Json, Problem, Response, State, StatusCode, Uncapped};
use events::Transaction;
use kernel::{PaymentId, SubscriptionId};
use runtime::PublicUrl;
use stores::StoreError;
use time::Duration;

use super::{
    preview_change::{ChangePreview, chosen, open_page},
    subscribe::{RETURN_PATH, collect},
};
use crate::{
    billing::Billing,
    invoice::{Invoice, Sold},
    payment::Way,
    problems::{no_subscription, payment_under_way, stale_preview},
    store::{invoices, payments, subscriptions},
    subscription::When,
    view::SubscriptionAnswer,
};

runtime::wire! { pub(super) struct ChangePlan { billing: Billing, public_url: PublicUrl } }

/// A preview can be agreed to for so long.
const AGREED_WITHIN: Duration = Duration::minutes(15);

/// Changes the price. The body is the preview's answer.
///
/// What costs something begins once it is paid: by the saved method, or on the page at `checkout_url`, also within a day after a decline. Repeating the
/// request gives the same page while it is open; another change closes it.
///
/// 409 `stale_preview` when it would not cost the same any more, `payment_under_way` while a saved method is being charged. 402 `payment_declined`, also for a
/// repetition with the same key. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/subscriptions/me/change", tag = "payment",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    request_body = ChangePreview, responses((status = 200, body = SubscriptionAnswer), Problem)
)]
pub(super) async fn change_plan(
    State(ChangePlan { billing, public_url }): State<ChangePlan>,
    account: Uncapped<10>,
    key: IdempotencyKey,
    Json(agreed): Json<ChangePreview>,
) -> Result<Response, Problem> {
    let now = billing.world().now();
    if let Some(answer) = key.stored(billing.outbox().pool(), account.id, &agreed, now).await? {
        return Ok(answer);
    }
    let return_url = public_url.join(RETURN_PATH);
    let has_paid = billing.look_at_page(account.id).await.map_err(StoreError::from)?;
    let begun = async |tx: &mut Transaction<'_>| {
        let begin =
            async |tx: &mut Transaction<'_>| begin(&billing, tx, &account, (&agreed, has_paid), return_url).await;
        key.begin(tx, account.id, &agreed, now, begin).await
    };
    let (subscription, payment) = billing.outbox().transact(begun).await?;
    let payment = collect(&billing, payment).await?;
    billing
        .outbox()
        .transact(async |tx| {
            key.once(tx, account.id, &agreed, now, async |tx| {
                let stored = subscriptions::lock(tx, subscription).await?.ok_or_else(no_subscription)?;
                Ok((StatusCode::OK, SubscriptionAnswer::of(&stored, payment.as_ref(), billing.world().now())))
            })
            .await
        })
        .await
}

async fn begin(
    billing: &Billing,
    tx: &mut Transaction<'_>,
    account: &Account,
    (agreed, has_paid): (&ChangePreview, bool),
    return_url: String,
) -> Result<(SubscriptionId, Option<PaymentId>), Problem> {
    let (id, now) = (account.id, billing.world().now());
    subscriptions::lock_account(tx, id).await?;
    let mut stored = subscriptions::lock_newest(tx, id).await?.ok_or_else(no_subscription)?;
    let terms = chosen(tx, &stored.state, agreed.price_id, &account.origin.territory).await?;
    if let Some(page) = open_page(tx, &stored, (&terms, agreed.when), now).await?
        && page.amount == agreed.amount
    {
        return Ok((stored.id, Some(page.id)));
    }
    // Paid on the page of before, and heard of just now: the wish is met.
    let is_had = stored.state.terms.is_same_price(&terms) && stored.state.next_terms.is_none();
    if has_paid && agreed.when == When::Now && is_had {
        return Ok((stored.id, None));
    }
    let age = now - agreed.previewed_at;
    if stored.version != agreed.version || age > AGREED_WITHIN || age < -Duration::MINUTE {
        return Err(stale_preview());
    }
    let amount = stored.state.price_of_change(&terms, agreed.when, agreed.previewed_at)?;
    let begins_at = stored.state.begin_of_change(agreed.when, agreed.previewed_at);
    if (amount, terms.amount, begins_at) != (agreed.amount, agreed.period_amount, agreed.begins_at) {
        return Err(stale_preview());
    }
    if let Some(payment) = payments::under_way_of(&mut **tx, stored.id).await? {
        if payment.way == Way::Charge {
            return Err(payment_under_way());
        }
        // Nobody has to wait until a page is over on which they did not pay.
        invoices::void_pages(tx, stored.id, now).await?;
    }
    if amount.minor == 0 {
        stored.state.change(terms, agreed.when);
        billing.put(tx, &mut stored).await?;
        return Ok((stored.id, None));
    }
    let sold = Sold { terms, percent_off: stored.state.percent_off };
    let period = stored.state.period;
    let place = (stored.id, period, invoices::next_change(tx, stored.id, period).await?);
    let invoice = Invoice::of_change(id, place, amount, sold, now).map_err(Problem::internal)?;
    let through = billing.through(tx, id, return_url).await?;
    let payment = billing.bill(tx, &mut stored, invoice, through).await?;
    Ok((stored.id, payment))
}
