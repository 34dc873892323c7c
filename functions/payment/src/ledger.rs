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

#[cfg(test)]
mod tests {
    use kernel::{Id, PurchaseId};

    use super::*;
    use crate::payment::tests::succeeded;

    fn money(minor: i64) -> Money {
        Money::new(minor, "EUR".parse().unwrap())
    }

    fn booked(entries: &[Entry]) -> Vec<(&str, i64)> {
        assert_eq!(entries.iter().map(|entry| entry.amount.minor).sum::<i64>(), 0, "{entries:?}");
        assert!(entries.iter().all(|entry| entry.amount.currency == money(0).currency));
        entries.iter().map(|entry| (entry.account.as_str(), entry.amount.minor)).collect()
    }

    #[test]
    fn what_comes_in_is_earned_but_for_its_tax() {
        let (plan, title) = (succeeded(), Payment { purchase: Some(PurchaseId::derived("purchase")), ..succeeded() });
        assert_eq!(
            booked(&captured(&plan, 200)),
            [("provider:sandbox", 1_200), ("revenue:subscriptions", -1_000), ("tax", -200)]
        );
        assert_eq!(booked(&captured(&plan, 0)), [("provider:sandbox", 1_200), ("revenue:subscriptions", -1_200)]);
        assert_eq!(
            booked(&captured(&title, 200)),
            [("provider:sandbox", 1_200), ("revenue:titles", -1_000), ("tax", -200)]
        );
    }

    #[test]
    fn what_goes_back_is_not_earned_and_its_tax_is_not_owed() {
        let title = Payment { purchase: Some(PurchaseId::derived("purchase")), ..succeeded() };
        assert_eq!(
            booked(&refunded(&succeeded(), money(600), 100)),
            [("provider:sandbox", -600), ("revenue:subscriptions", 500), ("tax", 100)]
        );
        assert_eq!(booked(&refunded(&title, money(600), 0)), [("provider:sandbox", -600), ("revenue:titles", 600)]);
    }

    #[test]
    fn what_nobody_needed_is_nobodys_revenue() {
        assert_eq!(booked(&surplus(&succeeded())), [("provider:sandbox", 1_200), ("surplus", -1_200)]);
        assert_eq!(
            booked(&surplus_refunded(&succeeded(), money(1_200))),
            [("provider:sandbox", -1_200), ("surplus", 1_200)]
        );
    }
}
