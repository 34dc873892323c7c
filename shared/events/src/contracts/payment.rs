//! `cinema.payment.payment_changed.v1` and `cinema.payment.trial_announced.v1`: what people are told about money.

use kernel::{AccountId, InvoiceId, Money, Names, PaymentId, Period, SubscriptionId};
use proto::{payment, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, line, moment, names, parse, parse_optional, plan, subject, words},
};
use crate::Event;

/// The newest state of a payment that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// Whose.
    pub account: AccountId,
    /// What it was for.
    pub invoice: InvoiceId,
    /// The invoice's number as it is printed, once it is paid.
    pub invoice_number: Option<String>,
    /// Whose period or change it was for.
    pub subscription: Option<SubscriptionId>,
    /// How it ended.
    pub status: PaymentStatus,
    /// How much.
    pub amount: Money,
    /// Minor units of it that were given back, or are on their way back.
    pub refunded: i64,
    /// Minor units of the amount that are tax.
    pub tax: i64,
    /// Minor units of what was given back that are tax.
    pub refunded_tax: i64,
    /// What people read on the invoice.
    pub description: String,
    /// What the plan or the title is called that the description begins with; none where the event does not say.
    pub goods_names: Names,
    /// The provider's word for a decline.
    pub code: Option<String>,
}

words! {
    /// How a payment ended.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    PaymentStatus {
        /// The money came.
        Succeeded = "succeeded",
        /// Nothing was taken.
        Failed = "failed",
    }
}

impl Payment {
    /// Reads `payment_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: payment::PaymentChanged = data(event, &[types::PAYMENT_CHANGED])?;
        Ok(Self {
            id: subject(event, "payment_id", &data.payment_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            invoice: parse("invoice_id", &data.invoice_id)?,
            invoice_number: some(line(&data.invoice_number)),
            subscription: parse_optional("subscription_id", &data.subscription_id)?,
            status: parse("status", &data.status)?,
            amount: Money::new(data.amount, parse("currency", &data.currency)?),
            refunded: data.refunded,
            tax: data.tax,
            refunded_tax: data.refunded_tax,
            description: line(&data.description),
            goods_names: names(&data.goods_names),
            code: some(line(&data.code)),
        })
    }
}

/// A trial that ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// On trial.
    pub subscription: SubscriptionId,
    /// Its version.
    pub sequence: i64,
    /// Whose.
    pub account: AccountId,
    /// The key of what is paid for afterwards.
    pub plan: String,
    /// What it is called; none where the event does not say.
    pub plan_names: Names,
    /// When the first payment is due.
    pub ends_at: OffsetDateTime,
    /// What it costs then.
    pub amount: Money,
    /// What each period costs once no promo code counts any more.
    pub period_amount: Money,
    /// How long one lasts; absent where the event does not say.
    pub period: Option<Period>,
    /// Whether nothing is saved that it could be paid with.
    pub needs_method: bool,
}

impl Trial {
    /// Reads `trial_announced`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: payment::TrialAnnounced = data(event, &[types::TRIAL_ANNOUNCED])?;
        let currency = parse("currency", &data.currency)?;
        Ok(Self {
            subscription: subject(event, "subscription_id", &data.subscription_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            plan: plan("plan", &data.plan)?,
            plan_names: names(&data.plan_names),
            ends_at: moment("ends_at", &data.ends_at)?,
            amount: Money::new(data.amount, currency),
            period_amount: Money::new(data.period_amount.unwrap_or(data.amount), currency),
            period: parse_optional("period", &data.period)?,
            needs_method: data.needs_method,
        })
    }
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
