//! Subscriptions, payments and invoices as answers show them.

use kernel::{
    InvoiceId, Languages, MethodId, Money, PaymentId, Period, PriceId, PurchaseId, PurchaseKind, RefundId,
    SubscriptionId, TitleId,
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    invoice::{self, Invoice, printed},
    payment::{Payment, Status as PaymentStatus},
    purchase::{Purchase, Status as PurchaseStatus},
    refund::{Refund, Status as RefundState},
    store::{methods::Saved, subscriptions::Stored},
    subscription::{Leaving, Status},
    terms::Terms,
};

/// What somebody subscribes to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bought {
    /// The price's version; it stays although the plan's price changes.
    price_id: PriceId,
    /// The plan's key.
    plan: String,
    /// Of a whole period, with the tax in it.
    amount: Money,
    /// How long one payment lasts.
    period: Period,
}

impl From<&Terms> for Bought {
    fn from(terms: &Terms) -> Self {
        let Terms { price, plan, amount, period, .. } = terms;
        Self { price_id: *price, plan: plan.clone(), amount: *amount, period: *period }
    }
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct SubscriptionView {
    id: SubscriptionId,
    /// How it stands.
    status: Status,
    /// What the running period brings.
    running: Bought,
    /// What the next period brings, if that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Bought>,
    /// First moment of the running period, or of the trial.
    #[serde(with = "time::serde::rfc3339")]
    period_from: OffsetDateTime,
    /// First moment after it.
    #[serde(with = "time::serde::rfc3339")]
    period_to: OffsetDateTime,
    /// Whether it ends with the running period.
    is_cancelled: bool,
    /// Months that it rests from the end of the running period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pauses_for_months: Option<u8>,
    /// When the next payment is tried; absent when none will be.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    next_payment_at: Option<OffsetDateTime>,
    /// What it will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_amount: Option<Money>,
    /// Until when it brings something although a payment is late.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    watchable_until: Option<OffsetDateTime>,
    /// Counts its changes.
    version: i64,
}

impl SubscriptionView {
    pub fn of(stored: &Stored) -> Self {
        let state = &stored.state;
        let is_cancelled = state.leaving == Some(Leaving::Cancel);
        let pays = state.is_renewed();
        Self {
            id: stored.id,
            status: state.status,
            running: (&state.terms).into(),
            next: state.next_terms.as_ref().map(Bought::from),
            period_from: state.from,
            period_to: state.to,
            is_cancelled,
            pauses_for_months: match state.leaving {
                Some(Leaving::Pause(months)) => Some(months),
                Some(Leaving::Cancel) | None => None,
            },
            next_payment_at: state.due_at().filter(|_| pays),
            next_amount: state.bill().ok().map(|bill| bill.amount).filter(|_| pays),
            watchable_until: state.access().map(|(_, _, grace_to)| grace_to),
            version: stored.version,
        }
    }
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(crate) struct PaymentView {
    id: PaymentId,
    invoice_id: InvoiceId,
    /// How it stands. `unknown` is found out by itself: nobody needs to pay again. `canceled` is a page that nobody paid on while it was open, or that
    /// nothing needs any more.
    status: PaymentStatus,
    amount: Money,
    /// What was given back of it or is on its way back.
    refunded: Money,
    /// The provider's word for a decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The page on which it can be paid now.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout_url: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    checkout_expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the money came.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    captured_at: Option<OffsetDateTime>,
}

impl PaymentView {
    pub fn of(payment: &Payment, now: OffsetDateTime) -> Self {
        let status = payment.shown();
        let is_open = status.is_under_way() && payment.expires_at.is_some_and(|at| now < at);
        let checkout_url = payment.checkout_url.clone().filter(|_| is_open);
        Self {
            id: payment.id,
            invoice_id: payment.invoice,
            status,
            amount: payment.amount,
            refunded: Money::new(payment.refunded, payment.amount.currency),
            reason: payment.code.clone().filter(|_| payment.status == PaymentStatus::Failed),
            checkout_expires_at: payment.expires_at.filter(|_| checkout_url.is_some()),
            checkout_url,
            created_at: payment.created_at,
            captured_at: payment.captured_at,
        }
    }
}

/// A subscription with what must be paid for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionAnswer {
    pub subscription: SubscriptionView,
    /// A payment that is under way, or was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentView>,
    /// Where the person pays now, if they must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_url: Option<String>,
}

impl SubscriptionAnswer {
    pub fn of(stored: &Stored, payment: Option<&Payment>, now: OffsetDateTime) -> Self {
        let payment = payment.map(|payment| PaymentView::of(payment, now));
        let checkout_url = payment.as_ref().and_then(|payment| payment.checkout_url.clone());
        Self { subscription: SubscriptionView::of(stored), payment, checkout_url }
    }
}

/// A single title, rented or bought.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Purchase)]
pub(crate) struct PurchaseView {
    id: PurchaseId,
    title_id: TitleId,
    /// Rented or bought.
    kind: PurchaseKind,
    /// How it stands.
    status: PurchaseStatus,
    /// With the tax in it.
    amount: Money,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    paid_at: Option<OffsetDateTime>,
    /// Until when a rental must be begun; absent once it is.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    begin_by: Option<OffsetDateTime>,
    /// When the first second of a rental was played.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    begun_at: Option<OffsetDateTime>,
    /// First moment without a rental.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    valid_to: Option<OffsetDateTime>,
}

impl PurchaseView {
    pub fn of(purchase: &Purchase, now: OffsetDateTime) -> Self {
        // Nobody may have noted its end yet.
        let is_over = purchase.status == PurchaseStatus::Active && purchase.is_over(now);
        Self {
            id: purchase.id,
            title_id: purchase.title,
            kind: purchase.kind,
            status: if is_over { PurchaseStatus::Ended } else { purchase.status },
            amount: purchase.amount,
            created_at: purchase.created_at,
            paid_at: purchase.paid_at,
            begin_by: purchase.begin_by().filter(|_| !is_over),
            begun_at: purchase.begun_at,
            valid_to: purchase.valid_to(),
        }
    }
}

/// A purchase with what must be paid for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PurchaseAnswer {
    pub purchase: PurchaseView,
    /// A payment that is under way, or was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentView>,
    /// Where the person pays now, if they must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_url: Option<String>,
}

impl PurchaseAnswer {
    pub fn of(purchase: &Purchase, payment: Option<&Payment>, now: OffsetDateTime) -> Self {
        let payment = payment.map(|payment| PaymentView::of(payment, now));
        let checkout_url = payment.as_ref().and_then(|payment| payment.checkout_url.clone());
        Self { purchase: PurchaseView::of(purchase, now), payment, checkout_url }
    }
}

/// An invoice or a credit note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invoice)]
pub(crate) struct InvoiceView {
    id: InvoiceId,
    /// Without a gap within a year and a seller.
    #[schema(example = "CINEMA-2027-000001")]
    number: String,
    kind: invoice::Kind,
    /// The legal entity that sells.
    seller: String,
    /// What was sold and for how long or how, in the language of the profile or the first of `Accept-Language` that there is.
    #[schema(example = "Standard, one month")]
    description: String,
    /// With the tax in it; negative on a credit note.
    amount: Money,
    /// The tax in it.
    tax: Money,
    /// Hundredths of a percent.
    tax_basis_points: u16,
    /// What a credit note corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<InvoiceId>,
    /// First moment that it pays for.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    covers_from: Option<OffsetDateTime>,
    /// First moment that it does not.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    covers_to: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    issued_at: OffsetDateTime,
}

impl InvoiceView {
    /// Of a numbered invoice.
    pub fn of(invoice: Invoice, reader: &Languages) -> Self {
        let (currency, description) = (invoice.amount.currency, invoice.described(reader));
        Self {
            id: invoice.id,
            number: invoice.number.map_or_else(String::new, |number| printed(&invoice.seller, number)),
            kind: invoice.kind,
            seller: invoice.seller,
            description,
            amount: invoice.amount,
            tax: Money::new(invoice.tax, currency),
            tax_basis_points: invoice.tax_basis_points,
            corrects: invoice.corrects,
            covers_from: invoice.covers_from,
            covers_to: invoice.covers_to,
            issued_at: invoice.issued_at.unwrap_or(invoice.created_at),
        }
    }
}

/// A saved way to pay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentMethod)]
pub(crate) struct MethodView {
    id: MethodId,
    /// `visa`, `mir`, `sbp`…
    brand: String,
    /// The last digits of a card.
    #[serde(skip_serializing_if = "Option::is_none")]
    last4: Option<String>,
    /// Year and month of a card's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2029-07")]
    expires: Option<String>,
    /// Whether renewals are charged to it.
    is_default: bool,
}

impl From<Saved> for MethodView {
    fn from(saved: Saved) -> Self {
        let Saved { id, brand, last4, expires, is_default, .. } = saved;
        Self { id, brand, last4, expires: expires.map(|(year, month)| format!("{year:04}-{month:02}")), is_default }
    }
}

/// Money that goes back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(crate) struct RefundView {
    id: RefundId,
    payment_id: PaymentId,
    amount: Money,
    /// How it stands. `unknown` is found out by itself.
    status: RefundState,
    /// The provider's word for a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Refund> for RefundView {
    fn from(refund: Refund) -> Self {
        let reason = refund.code.filter(|_| refund.status == RefundState::Failed);
        Self { id: refund.id, payment_id: refund.payment, amount: refund.amount, status: refund.status, reason }
    }
}
