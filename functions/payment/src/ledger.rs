//! The ledger's entries, as pure functions of what happened. Every list sums to zero in each currency.

use crate::payment::Payment;
use kernel::Money;

/// Money that nobody needed and that goes back.
const SURPLUS: &str = "surplus";
const SUBSCRIPTIONS: &str = "revenue:subscriptions";
/// Single titles.
const TITLES: &str = "revenue:titles";
const TAX: &str = "tax";

/// What an account of the ledger gains (positive: we have it; negative: we owe it or have earned it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `provider:<name>`, `revenue:subscriptions`, `revenue:titles`, `tax`, `surplus`.
    pub account: String,
    /// Not zero.
    pub amount: Money,
}

fn provider(payment: &Payment) -> String {
    format!("provider:{}", payment.provider)
}

/// Where what was earned by a payment is counted.
fn revenue(payment: &Payment) -> &'static str {
    if payment.purchase.is_some() { TITLES } else { SUBSCRIPTIONS }
}

/// Entries without those of nothing.
fn entries(lines: &[(&str, i64)], like: Money) -> Vec<Entry> {
    let entry = |(account, minor): &(&str, i64)| Entry {
        account: (*account).to_owned(),
        amount: Money::new(*minor, like.currency),
    };
    lines.iter().filter(|(_, minor)| *minor != 0).map(entry).collect()
}

/// A payment for an invoice came in; `tax` of it is owed to the state.
pub fn captured(payment: &Payment, tax: i64) -> Vec<Entry> {
    let amount = payment.amount.minor;
    entries(&[(&provider(payment), amount), (revenue(payment), tax - amount), (TAX, -tax)], payment.amount)
}

/// A payment came in that nobody needed.
pub fn surplus(payment: &Payment) -> Vec<Entry> {
    let amount = payment.amount.minor;
    entries(&[(&provider(payment), amount), (SURPLUS, -amount)], payment.amount)
}

/// A part of a payment was given back, and `tax` of it is not owed any more.
pub fn refunded(payment: &Payment, amount: Money, tax: i64) -> Vec<Entry> {
    let back = amount.minor;
    entries(&[(&provider(payment), -back), (revenue(payment), back - tax), (TAX, tax)], amount)
}

/// A surplus was given back.
pub fn surplus_refunded(payment: &Payment, amount: Money) -> Vec<Entry> {
    let back = amount.minor;
    entries(&[(&provider(payment), -back), (SURPLUS, back)], amount)
}
