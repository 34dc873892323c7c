//! Rows of what is told about money: who subscribes stays with the payment service.

use events::{Payment, contracts::BilledSubscription};
use kernel::{PaymentId, SubscriptionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::moment::millis;

/// A row of `subscription_states`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct SubscriptionRow {
    subscription_id: SubscriptionId,
    sequence: u64,
    status: String,
    plan: String,
    amount: i64,
    tax: i64,
    currency: String,
    period: String,
    grace_to: i64,
    at: i64,
    ingested_at: i64,
}

impl SubscriptionRow {
    /// Of an event told `at` a moment; `None` for one that names no price.
    pub fn of(told: BilledSubscription, at: OffsetDateTime, now: OffsetDateTime) -> Option<Self> {
        let BilledSubscription { subscription, price } = told;
        let price = price?;
        Some(Self {
            subscription_id: subscription.id,
            sequence: subscription.sequence.unsigned_abs(),
            status: subscription.status.to_string(),
            plan: subscription.terms.plan,
            amount: price.amount.minor,
            tax: price.tax,
            currency: price.amount.currency.to_string(),
            period: price.period.to_string(),
            grace_to: millis(subscription.terms.grace_to),
            at: millis(at),
            ingested_at: millis(now),
        })
    }
}

/// A row of `payment_states`.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Serialize, Deserialize)]
pub struct PaymentRow {
    payment_id: PaymentId,
    sequence: u64,
    status: String,
    amount: i64,
    tax: i64,
    refunded: i64,
    refunded_tax: i64,
    currency: String,
    at: i64,
    ingested_at: i64,
}

impl PaymentRow {
    /// Of an event told `at` a moment.
    pub fn of(told: &Payment, at: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self {
            payment_id: told.id,
            sequence: told.sequence.unsigned_abs(),
            status: told.status.to_string(),
            amount: told.amount.minor,
            tax: told.tax,
            refunded: told.refunded,
            refunded_tax: told.refunded_tax,
            currency: told.amount.currency.to_string(),
            at: millis(at),
            ingested_at: millis(now),
        }
    }
}
