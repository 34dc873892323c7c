//! `cinema.payment.subscription_changed.v1`: what somebody pays for.

use kernel::{AccountId, Money, Names, Period, SubscriptionId, policy::Entitlement};
use proto::{payment, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, names, number, optional_moment, parse, parse_optional, plan, subject, words},
};
use crate::Event;

const MOST_STREAMS: u32 = 100;
const MOST_LINES: u32 = 10_000;

/// The newest state of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// Who pays.
    pub account: AccountId,
    /// How it stands.
    pub status: SubscriptionStatus,
    /// What it brings while it is live. The plan of one that has ended may be empty, and its times those of the event.
    pub terms: Entitlement,
    /// When a pause ends and the next period is paid, where one was asked for.
    pub resumes_at: Option<OffsetDateTime>,
    /// What the plan is called; none where the event does not say.
    pub plan_names: Names,
    /// What begins with the next period, where that is something else.
    pub next: Option<NextTerms>,
    /// What the next period costs; absent where none is to be paid, or the event does not say.
    pub renewal: Option<Renewal>,
    /// Whether another period is to be paid and nothing is saved that it could be paid with.
    pub needs_method: bool,
}

/// What begins with the next period of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextTerms {
    /// The plan's key.
    pub plan: String,
    /// What it is called.
    pub plan_names: Names,
    /// What it costs.
    pub price: Renewal,
}

/// What the periods of a subscription that are to come cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// Each of them.
    pub amount: Money,
    /// The first one: less while a promo code counts.
    pub due: Money,
    /// How long one lasts.
    pub period: Period,
}

/// The newest state of a subscription with what is paid for it, for whoever reckons with money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledSubscription {
    /// How it stands.
    pub subscription: Subscription,
    /// What the running period costs; absent where the event does not say.
    pub price: Option<SubscriptionPrice>,
}

/// What a period of a subscription costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionPrice {
    /// With the tax in it; nothing during a trial.
    pub amount: Money,
    /// Minor units of the amount that are tax.
    pub tax: i64,
    /// How long it lasts.
    pub period: Period,
}

words! {
    /// How a subscription stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    SubscriptionStatus {
        /// Not paid for yet.
        Trialing = "trialing",
        /// Paid for.
        Active = "active",
        /// A payment is late.
        PastDue = "past_due",
        /// Runs until its end.
        Cancelled = "cancelled",
        /// Over.
        Ended = "ended",
    }
}

impl SubscriptionStatus {
    /// Whether it brings anything.
    pub fn is_live(self) -> bool {
        self != Self::Ended
    }
}

impl Subscription {
    /// Reads `subscription_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: payment::SubscriptionChanged = data(event, &[types::SUBSCRIPTION_CHANGED])?;
        let status: SubscriptionStatus = parse("status", &data.status)?;
        let valid_to = if status.is_live() {
            moment("valid_to", &data.valid_to)?
        } else {
            // It need not say until when it was good.
            optional_moment("valid_to", &data.valid_to)?.unwrap_or(event.time)
        };
        let times = (valid_to, optional_moment("grace_to", &data.grace_to)?);
        let limits = (data.max_streams, data.max_height);
        let terms = match data.plan.as_str() {
            "" if !status.is_live() => Entitlement { plan: String::new(), ..terms("ended", limits, times)? },
            plan => terms(plan, limits, times)?,
        };
        Ok(Self {
            id: subject(event, "subscription_id", &data.subscription_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            status,
            terms,
            resumes_at: optional_moment("resumes_at", &data.resumes_at)?,
            plan_names: names(&data.plan_names),
            next: next(&data)?,
            renewal: renewal(&data)?,
            needs_method: data.needs_method,
        })
    }
}

fn next(data: &payment::SubscriptionChanged) -> Result<Option<NextTerms>, ContractError> {
    if data.next_plan.is_empty() {
        return Ok(None);
    }
    let price = renewal(data)?.ok_or_else(|| ContractError::new("next_period", "is missing"))?;
    let plan = plan("next_plan", &data.next_plan)?;
    Ok(Some(NextTerms { plan, plan_names: names(&data.next_plan_names), price }))
}

fn renewal(data: &payment::SubscriptionChanged) -> Result<Option<Renewal>, ContractError> {
    if data.next_period.is_empty() {
        return Ok(None);
    }
    let currency = parse("currency", &data.currency)?;
    Ok(Some(Renewal {
        amount: Money::new(data.next_amount, currency),
        due: Money::new(data.next_due.unwrap_or(data.next_amount), currency),
        period: parse("next_period", &data.next_period)?,
    }))
}

impl BilledSubscription {
    /// Reads `subscription_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let subscription = Subscription::read(event)?;
        let data: payment::SubscriptionChanged = data(event, &[types::SUBSCRIPTION_CHANGED])?;
        let Some(currency) = parse_optional("currency", &data.currency)? else {
            return Ok(Self { subscription, price: None });
        };
        let amount = Money::new(data.amount, currency);
        if !(0..=amount.minor).contains(&data.tax) {
            return Err(ContractError::new("tax", "is not between nothing and the amount"));
        }
        let price = SubscriptionPrice { amount, tax: data.tax, period: parse("period", &data.period)? };
        Ok(Self { subscription, price: Some(price) })
    }
}

/// A plan with its limits, streams before lines; without a time of grace it ends with the paid period.
pub(super) fn terms(
    key: &str,
    (max_streams, max_height): (u32, u32),
    (valid_to, grace_to): (OffsetDateTime, Option<OffsetDateTime>),
) -> Result<Entitlement, ContractError> {
    Ok(Entitlement {
        plan: plan("plan", key)?,
        max_streams: number("max_streams", max_streams, MOST_STREAMS)?,
        max_height: number("max_height", max_height, MOST_LINES)?,
        valid_to,
        grace_to: grace_to.map_or(valid_to, |grace_to| grace_to.max(valid_to)),
    })
}
