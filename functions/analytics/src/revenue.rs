//! What subscriptions bring.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    month::Month,
    share::ratio,
    store::revenue::{Net, Subscriptions, Trials},
};

const TWELFTHS: i128 = 12;

/// A month's revenue. All amounts are minor units without the tax.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Revenue {
    month: Month,
    /// Whether the month is over. While it lasts, its end is now.
    is_over: bool,
    /// One for each currency.
    currencies: Vec<CurrencyRevenue>,
}

/// A month's revenue in a currency.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CurrencyRevenue {
    #[schema(example = "EUR")]
    currency: String,
    /// Payments that came in.
    received: i64,
    /// Given back in this month, whenever it was paid.
    given_back: i64,
    /// `received` − `given_back`.
    net_revenue: i64,
    /// Subscriptions that were paid for when the month began. A trial is not paid for, a late payment is until its grace is over.
    subscribers_at_start: u64,
    /// Subscriptions that are paid for at its end.
    subscribers_at_end: u64,
    /// Paid for at the end and not at the beginning.
    new_subscribers: u64,
    /// Paid for at the beginning and not at the end.
    churned_subscribers: u64,
    /// Monthly recurring revenue at the beginning: what paid subscriptions cost a month; a yearly one brings a twelfth of its price.
    mrr_at_start: i64,
    /// Monthly recurring revenue at the end.
    mrr_at_end: i64,
    /// Of new subscribers.
    mrr_new: i64,
    /// Of subscribers who pay more than before.
    mrr_expansion: i64,
    /// Of subscribers who pay less than before.
    mrr_contraction: i64,
    /// Of churned subscribers.
    mrr_churned: i64,
    /// `churned_subscribers` / `subscribers_at_start`; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    churn: Option<f64>,
    /// Mean monthly revenue of a subscriber at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    arpu: Option<i64>,
    /// Lifetime value: `arpu` / `churn`; absent while nobody leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    ltv: Option<i64>,
    /// Trials that began in the month.
    trials: u64,
    /// Those of them that were paid for until now.
    converted_trials: u64,
    /// `converted_trials` / `trials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion: Option<f64>,
}

/// `part / whole`, half to even; `None` beyond 64 bits and of nothing.
fn quotient(part: i128, whole: i128) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    let (quotient, rest) = (part.div_euclid(whole), part.rem_euclid(whole));
    let is_up = rest * 2 > whole || (rest * 2 == whole && quotient % 2 != 0);
    i64::try_from(quotient + i128::from(is_up)).ok()
}

fn minor(twelfths: i64) -> i64 {
    quotient(i128::from(twelfths), TWELFTHS).unwrap_or_default()
}

impl Revenue {
    /// From what is known of each currency.
    pub fn new(
        (month, is_over): (Month, bool),
        net: &[Net],
        subscriptions: &[Subscriptions],
        trials: &[Trials],
    ) -> Self {
        let mut currencies: BTreeSet<&str> = net.iter().map(|net| net.currency.as_str()).collect();
        currencies.extend(subscriptions.iter().map(|known| known.currency.as_str()));
        currencies.extend(trials.iter().map(|known| known.currency.as_str()));
        let of = |currency: &&str| {
            CurrencyRevenue::new(
                currency,
                net.iter().find(|known| known.currency == *currency),
                subscriptions.iter().find(|known| known.currency == *currency),
                trials.iter().find(|known| known.currency == *currency),
            )
        };
        Self { month, is_over, currencies: currencies.iter().map(of).collect() }
    }
}

impl CurrencyRevenue {
    fn new(currency: &str, net: Option<&Net>, subscriptions: Option<&Subscriptions>, trials: Option<&Trials>) -> Self {
        let (received, given_back) = net.map_or((0, 0), |net| (net.received, net.given_back));
        let (trials, converted_trials) = trials.map_or((0, 0), |known| (known.trials, known.converted));
        let count = |figure: fn(&Subscriptions) -> u64| subscriptions.map_or(0, figure);
        let mrr = |figure: fn(&Subscriptions) -> i64| subscriptions.map_or(0, |known| minor(figure(known)));
        let (at_start, at_end) = (count(|known| known.paying_at_start), count(|known| known.paying_at_end));
        let churned = count(|known| known.churned);
        let twelfths_at_end = subscriptions.map_or(0, |known| i128::from(known.twelfths_at_end));
        Self {
            currency: currency.to_owned(),
            received,
            given_back,
            net_revenue: received - given_back,
            subscribers_at_start: at_start,
            subscribers_at_end: at_end,
            new_subscribers: count(|known| known.new),
            churned_subscribers: churned,
            mrr_at_start: mrr(|known| known.twelfths_at_start),
            mrr_at_end: mrr(|known| known.twelfths_at_end),
            mrr_new: mrr(|known| known.twelfths_new),
            mrr_expansion: mrr(|known| known.twelfths_expansion),
            mrr_contraction: mrr(|known| known.twelfths_contraction),
            mrr_churned: mrr(|known| known.twelfths_churned),
            churn: ratio(churned, at_start),
            arpu: quotient(twelfths_at_end, TWELFTHS * i128::from(at_end)),
            ltv: quotient(twelfths_at_end * i128::from(at_start), TWELFTHS * i128::from(at_end) * i128::from(churned)),
            trials,
            converted_trials,
            conversion: ratio(converted_trials, trials),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_once_and_to_the_even_neighbour() {
        for (part, whole, expected) in [
            (6, 12, Some(0)),
            (18, 12, Some(2)),
            (19, 12, Some(2)),
            (-6, 12, Some(0)),
            (1, 0, None),
            (i128::MAX, 1, None),
        ] {
            assert_eq!(quotient(part, whole), expected, "{part} / {whole}");
        }
    }

    #[test]
    fn lifetime_follows_from_churn() {
        let known = Subscriptions {
            currency: "EUR".to_owned(),
            paying_at_start: 20,
            paying_at_end: 16,
            new: 1,
            churned: 5,
            twelfths_at_start: 240_000,
            twelfths_at_end: 192_000,
            twelfths_new: 12_000,
            twelfths_expansion: 0,
            twelfths_contraction: 0,
            twelfths_churned: 60_000,
        };
        let revenue = CurrencyRevenue::new("EUR", None, Some(&known), None);
        assert_eq!((revenue.mrr_at_start, revenue.mrr_at_end, revenue.mrr_churned), (20_000, 16_000, 5_000));
        assert_eq!((revenue.churn, revenue.arpu, revenue.ltv), (Some(0.25), Some(1_000), Some(4_000)));
        let nobody_leaves = Subscriptions { churned: 0, ..known };
        assert_eq!(CurrencyRevenue::new("EUR", None, Some(&nobody_leaves), None).ltv, None);
    }
}
