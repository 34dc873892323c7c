//! `POST /v1/purchases`: rents or buys a single title, from a saved method or on a page on which the person pays. ◆

use cinema_http::{IdempotencyKey, Json, Problem, Response, State, StatusCode, Uncapped, Viewer, idempotency::reused};
use events::Transaction;
use kernel::{Id as _, PaymentId, PurchaseId, PurchaseKind, TitleId, policy::may_watch_once_paid};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::subscribe::collect;
use crate::{
    billing::{Billing, is_included, put_purchase},
    invoice::Invoice,
    payment::{Status as PaymentStatus, Way},
    problems::{already_purchased, included_in_plan, not_sold_here, payment_under_way, too_many_purchases},
    purchase::{MOST_RUNNING, Purchase, Status},
    store::{erased_accounts, payments, purchases, subscriptions, title_prices, titles},
    title_price::here,
    view::PurchaseAnswer,
};

runtime::wire! { pub(super) struct PurchaseTitle { billing: Billing, public_url: PublicUrl } }

/// What somebody wants to watch, and for how long.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PurchaseTitleRequest {
    /// A film or an episode.
    title_id: TitleId,
    /// To rent: to be begun within 30 days, and then for 48 hours from the first second that is played. To buy: until it is given back.
    kind: PurchaseKind,
}

/// Rents or buys a title.
///
/// The saved method is charged, or `checkout_url` is where the person pays, also within a day after a decline; repeating the request gives the same page
/// while it is open. A provider that does not answer makes the payment `unknown`: it is found out by itself. What was withdrawn before it was paid is given
/// back.
///
/// 409 `already_purchased` with the `purchase` that runs, and `included_in_plan` for a rental of what the plan brings anyway. 402 `payment_declined` when the saved method was declined, also for a repetition with the same
/// key. 422 for a title that is not sold by itself here. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/purchases", tag = "payment",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    request_body = PurchaseTitleRequest, responses((status = 201, body = PurchaseAnswer), Problem)
)]
pub(super) async fn purchase_title(
    State(PurchaseTitle { billing, public_url }): State<PurchaseTitle>,
    viewer: Viewer,
    _holder: Uncapped<10>,
    key: IdempotencyKey,
    Json(request): Json<PurchaseTitleRequest>,
) -> Result<Response, Problem> {
    let now = billing.world().now();
    // Of the profile, not of the account: what one may buy, another may not even know of.
    if let Some(answer) = key.stored(billing.outbox().pool(), viewer.profile, &request, now).await? {
        return Ok(answer);
    }
    // One that was interrupted and comes again finds its purchase under the same id.
    let id = match key.item_claim(viewer.profile, &request) {
        Some(claim) => PurchaseId::derived(&claim.id),
        None => billing.world().id(),
    };
    let return_url = public_url.join(&format!("/#/titles/{}", request.title_id));
    let begun = async |tx: &mut Transaction<'_>| begin(&billing, tx, &viewer, &request, id, return_url).await;
    let (purchase, payment) = billing.outbox().transact(begun).await?;
    let payment = collect(&billing, payment).await?;
    billing
        .outbox()
        .transact(async |tx| {
            key.once(tx, viewer.profile, &request, now, async |tx| {
                let stored = purchases::find(&mut **tx, purchase).await?;
                let stored = stored.ok_or_else(|| Problem::internal("the purchase is gone"))?;
                let now = billing.world().now();
                Ok((StatusCode::CREATED, PurchaseAnswer::of(&stored, payment.as_ref(), now)))
            })
            .await
        })
        .await
}

/// Commits what is wanted, before the provider hears of it.
async fn begin(
    billing: &Billing,
    tx: &mut Transaction<'_>,
    viewer: &Viewer,
    request: &PurchaseTitleRequest,
    id: PurchaseId,
    return_url: String,
) -> Result<(PurchaseId, Option<PaymentId>), Problem> {
    let (account, kind, now) = (viewer.account, request.kind, billing.world().now());
    subscriptions::lock_account(tx, account).await?;
    if erased_accounts::contains(tx, account).await? {
        return Err(Problem::unauthorized("invalid_token", "This account was deleted."));
    }
    let known = purchases::find(&mut **tx, id).await?;
    if let Some(known) = known.as_ref().filter(|known| matches!(known.status, Status::Pending | Status::Active)) {
        if (known.title, known.kind) != (request.title_id, kind) {
            return Err(reused());
        }
        return Ok((id, payments::last_of_purchase(&mut **tx, id).await?.map(|payment| payment.id)));
    }
    // A repetition does not charge a card again that was declined.
    let declined = match &known {
        Some(_) => payments::last_of_purchase(&mut **tx, id).await?,
        None => None,
    };
    if let Some(declined) = declined.filter(|it| it.way == Way::Charge && it.status == PaymentStatus::Failed) {
        return Ok((id, Some(declined.id)));
    }
    // One that came to nothing on a page makes room for another.
    let id = if known.is_some() { billing.world().id() } else { id };
    let title = titles::find(&mut **tx, request.title_id).await?;
    let title = title.ok_or_else(|| Problem::not_found("title"))?;
    may_watch_once_paid(&title.rules, &viewer.policy, now)?;
    let mut waiting = None;
    for mut own in purchases::lock_running(tx, account, request.title_id).await? {
        if own.end(now) {
            put_purchase(billing.world(), tx, &mut own).await?;
        } else if own.covers(kind, now) {
            return Err(already_purchased(&own, now));
        } else if own.status == Status::Pending && own.kind == kind {
            waiting = Some(own.id);
        }
    }
    if kind == PurchaseKind::Rent && is_included(tx, account, (&title.rules, &viewer.policy), now).await? {
        return Err(included_in_plan());
    }
    if let Some(own) = waiting {
        // The same one is paid on, at the price that was agreed to.
        let payment = payments::last_of_purchase(&mut **tx, own).await?.filter(|it| it.status.is_under_way());
        return payment.map(|payment| (own, Some(payment.id))).ok_or_else(payment_under_way);
    }
    if purchases::count_running(tx, account).await? >= MOST_RUNNING {
        return Err(too_many_purchases());
    }
    let offered = title_prices::list_offered(&mut **tx, request.title_id).await?;
    let offered = here(&offered, &viewer.policy.territory).into_iter().find(|it| it.price.kind == kind);
    let price = offered.ok_or_else(not_sold_here)?;
    let purchase = Purchase {
        id,
        account: Some(account),
        title: request.title_id,
        kind,
        price: price.id,
        amount: price.price.amount,
        territory: viewer.policy.territory.clone(),
        status: Status::Pending,
        paid_at: None,
        begun_at: None,
        created_at: now,
        version: 1,
    };
    purchases::add(tx, &purchase).await?;
    let through = billing.through(tx, account, return_url).await?;
    let sold_by = (price.price.tax_basis_points, price.price.seller.as_str());
    let name = title.names.for_reader(&viewer.languages).to_owned();
    let goods = (name.as_str(), title.names);
    let invoice = Invoice::of_purchase(account, &purchase, sold_by, goods, now).map_err(Problem::internal)?;
    Ok((id, billing.bill_purchase(tx, invoice, through).await?))
}
