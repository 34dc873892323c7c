//! `POST /v1/subscriptions/me/change/preview`: what another price would cost, now or with the next period.

use cinema_http::{Account, Json, Problem, State};
use kernel::{Money, PriceId, Territory, World};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use stores::postgres;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    invoice::Kind,
    payment::{Payment, Way},
    problems::{no_subscription, no_such_price},
    store::{invoices, payments, plans, subscriptions, subscriptions::Stored},
    subscription::{Subscription, When},
    terms::Terms,
};

runtime::wire! { pub(super) struct PreviewChange { pool: PgPool, world: World } }

/// What somebody would have instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewChangeRequest {
    /// From `GET /v1/plans`.
    price_id: PriceId,
    /// When it begins.
    when: When,
}

/// What it costs; sent back whole, it is what `POST /v1/subscriptions/me/change` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePreview {
    /// The new price.
    pub price_id: PriceId,
    /// When it begins.
    pub when: When,
    /// What is charged now: the difference of both prices for the rest of the running period, to the second, less what a promo code takes off the period.
    pub amount: Money,
    /// What each period costs from then on, promo codes apart.
    pub period_amount: Money,
    /// When it begins, to the second.
    #[serde(with = "time::serde::rfc3339")]
    pub begins_at: OffsetDateTime,
    /// The moment for which this was reckoned; it can be agreed to for 15 minutes.
    #[serde(with = "time::serde::rfc3339")]
    pub previewed_at: OffsetDateTime,
    /// The subscription's version.
    pub version: i64,
}

/// Previews a change. Nothing is changed or charged. While a page is open on which the same change can be paid, it costs what that page says. Choosing the running price takes back a change that is to come, also when the price is not offered
/// any more. A change during a trial costs nothing and the trial ends when it would have: people try the service, not one plan.
///
/// 409 when it is not possible: `subscription_ended`, `not_running`, `same_price`, `other_currency`, or `only_at_period_end` for whatever is cheaper or of another length.
#[utoipa::path(
    post, path = "/v1/subscriptions/me/change/preview", tag = "payment", request_body = PreviewChangeRequest,
    responses((status = 200, body = ChangePreview), Problem)
)]
pub(super) async fn preview_change(
    State(PreviewChange { pool, world }): State<PreviewChange>,
    account: Account,
    Json(request): Json<PreviewChangeRequest>,
) -> Result<Json<ChangePreview>, Problem> {
    // Whole seconds, as the answer tells it.
    let now = world.now().replace_nanosecond(0).map_err(Problem::internal)?;
    postgres::transact(&pool, async |tx| {
        let stored = subscriptions::lock_newest(tx, account.id).await?.ok_or_else(no_subscription)?;
        let terms = chosen(tx, &stored.state, request.price_id, &account.origin.territory).await?;
        let reckoned = stored.state.price_of_change(&terms, request.when, now)?;
        let page = open_page(tx, &stored, (&terms, request.when), now).await?;
        let amount = page.map_or(reckoned, |page| page.amount);
        let begins_at = stored.state.begin_of_change(request.when, now);
        Ok(Json(ChangePreview {
            price_id: request.price_id,
            when: request.when,
            amount,
            period_amount: terms.amount,
            begins_at,
            previewed_at: now,
            version: stored.version,
        }))
    })
    .await
}

/// The page on which a change within the running period can be paid now.
pub(super) async fn open_page(
    connection: &mut PgConnection,
    stored: &Stored,
    (terms, when): (&Terms, When),
    now: OffsetDateTime,
) -> Result<Option<Payment>, sqlx::Error> {
    let Some(payment) = payments::under_way_of(&mut *connection, stored.id).await? else { return Ok(None) };
    let is_open = payment.way == Way::Checkout && payment.expires_at.is_some_and(|at| now < at);
    if when != When::Now || !is_open {
        return Ok(None);
    }
    let invoice = invoices::lock(connection, payment.invoice).await?;
    let is_same = invoice.is_some_and(|invoice| {
        invoice.kind == Kind::Change && invoice.period == Some(stored.state.period) && invoice.brings(terms)
    });
    Ok(is_same.then_some(payment))
}

/// What a price brings. The running one need not be offered any more: choosing it takes back the change that is to come.
pub(super) async fn chosen(
    connection: &mut PgConnection,
    state: &Subscription,
    price: PriceId,
    territory: &Territory,
) -> Result<Terms, Problem> {
    if price == state.terms.price && state.next_terms.is_some() {
        return Ok(state.terms.clone());
    }
    let (plan, price) = plans::find_offered(connection, price, territory).await?.ok_or_else(no_such_price)?;
    Ok(plan.terms(&price))
}
