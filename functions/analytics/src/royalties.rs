//! Who gets how much of a month's net revenue: by watched time, to the minor unit.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    month::Month,
    share::ratio,
    store::{revenue::Net, royalties::Watched},
};

/// All of the net revenue.
pub const WHOLE_BASIS_POINTS: u16 = 10_000;

/// A statement of royalties. The same events give the same bytes, however often and in whatever order they came.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Royalties {
    month: Month,
    /// Whether the month is over; before, it is only how it stands.
    is_over: bool,
    /// Hundredths of a percent of the net revenue that are shared.
    basis_points: u16,
    /// Played in the month, by everybody.
    watched_ms: u64,
    /// What is shared, by currency.
    pools: Vec<Pool>,
    /// By watched time, most first; of equals by name.
    holders: Vec<Holder>,
    /// The statements that the figures come from, for ClickHouse.
    queries: Queries,
}

/// Money that is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pool {
    #[schema(example = "EUR")]
    currency: String,
    /// Minor units without the tax: payments less what was given back. See `revenue`.
    net_revenue: i64,
    /// What is shared of it, rounded down. The holders' amounts sum to it exactly.
    amount: i64,
}

/// Whoever is paid.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Holder {
    /// As the titles name them. Null: titles that name nobody, whose share is nobody's yet.
    rights_holder: Option<String>,
    watched_ms: u64,
    /// Rounded down.
    watched_seconds: u64,
    /// `watched_ms` / that of everybody, four decimals; the amounts come from the exact figures. Absent where nobody watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
    /// Minor units of each pool, in the pools' order.
    amounts: Vec<i64>,
}

/// What was asked, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Queries {
    /// Rights holders with their watched time.
    watched: String,
    /// Net revenue by currency.
    revenue: String,
}

/// Parts of `amount` in proportion to `weights` by largest remainder (Hamilton): each is rounded down, and what is left goes one unit each to those
/// with the largest remainders, of equals to the earlier. They sum to `amount` exactly; without any weight the first takes all.
pub fn largest_remainder(amount: i64, weights: &[u64]) -> Vec<i64> {
    let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if whole == 0 {
        return weights.iter().enumerate().map(|(place, _)| if place == 0 { amount } else { 0 }).collect();
    }
    let total = u128::from(amount.unsigned_abs());
    let floors: Vec<u128> = weights.iter().map(|weight| total * u128::from(*weight) / whole).collect();
    let mut places: Vec<usize> = (0..weights.len()).collect();
    places.sort_by_key(|place| {
        let remainder = weights.get(*place).map_or(0, |weight| total * u128::from(*weight) % whole);
        (std::cmp::Reverse(remainder), *place)
    });
    let left = usize::try_from(total - floors.iter().sum::<u128>()).unwrap_or_default();
    let mut parts = floors;
    for place in places.into_iter().take(left) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    // No part is larger than the whole, which fits.
    let signed = |part: u128| i64::try_from(i128::try_from(part).unwrap_or_default() * i128::from(amount.signum()));
    parts.into_iter().map(|part| signed(part).unwrap_or_default()).collect()
}

/// Rounded down, towards nothing.
fn share_of(amount: i64, basis_points: u16) -> i64 {
    let part = i128::from(amount) * i128::from(basis_points) / i128::from(WHOLE_BASIS_POINTS);
    i64::try_from(part).unwrap_or_default()
}

impl Royalties {
    /// From watched time by holder and the net revenue by currency.
    pub fn new(
        (month, is_over): (Month, bool),
        basis_points: u16,
        net: &[Net],
        mut watched: Vec<Watched>,
        (watched_query, revenue_query): (String, String),
    ) -> Self {
        if watched.is_empty() {
            watched.push(Watched::default());
        }
        watched.sort_by(|a, b| (b.watched_ms, &a.rights_holder).cmp(&(a.watched_ms, &b.rights_holder)));
        let weights: Vec<u64> = watched.iter().map(|holder| holder.watched_ms).collect();
        let watched_ms = weights.iter().sum();
        let pool = |net: &Net| {
            let net_revenue = net.received - net.given_back;
            Pool { currency: net.currency.clone(), net_revenue, amount: share_of(net_revenue, basis_points) }
        };
        let pools: Vec<Pool> = net.iter().map(pool).collect();
        let parts: Vec<Vec<i64>> = pools.iter().map(|pool| largest_remainder(pool.amount, &weights)).collect();
        let holder = |(place, holder): (usize, Watched)| Holder {
            share: ratio(holder.watched_ms, watched_ms),
            rights_holder: Some(holder.rights_holder).filter(|name| !name.is_empty()),
            watched_ms: holder.watched_ms,
            watched_seconds: holder.watched_ms / 1000,
            amounts: parts.iter().map(|parts| parts.get(place).copied().unwrap_or_default()).collect(),
        };
        Self {
            month,
            is_over,
            basis_points,
            watched_ms,
            holders: watched.into_iter().enumerate().map(holder).collect(),
            pools,
            queries: Queries { watched: watched_query, revenue: revenue_query },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainders_take_what_is_left() {
        assert_eq!(largest_remainder(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(largest_remainder(10, &[6, 6, 1]), [5, 4, 1]);
        assert_eq!(largest_remainder(-100, &[2, 1]), [-67, -33]);
        assert_eq!(largest_remainder(7, &[0, 0]), [7, 0]);
        assert_eq!(largest_remainder(7, &[]), [0; 0]);
        assert_eq!(share_of(-999, 5_000), -499);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_are_within_a_unit_of_the_truth(
            amount in any::<i64>(), weights in proptest::collection::vec(0u64..1_000_000_000_000, 1..40)
        ) {
            let parts = largest_remainder(amount, &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(amount));
            let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| whole > 0) {
                let error = i128::from(*part) * whole - i128::from(amount) * i128::from(*weight);
                prop_assert!(error.abs() < whole, "{part} of {amount} for {weight} of {whole}");
            }
        }
    }
}
