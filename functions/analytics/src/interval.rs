//! Estimates with the intervals that hold the true value in 95 % of all samples. Formulas and sources: docs/analytics.md.

use std::f64::consts::FRAC_PI_2;

use serde::Serialize;
use utoipa::ToSchema;

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// From so many degrees of freedom on, Student's t differs from the normal distribution by less than 0.0003.
const MANY: f64 = 10_000.0;
/// In how many slices the density of Student's t is summed: its quantile is right to four digits.
const SLICES: u32 = 20_000;
/// A millisecond has so many hours.
const HOURS: f64 = 1.0 / 3_600_000.0;

/// A figure, and where the true one lies: in 95 of 100 experiments between `low` and `high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    fn around(value: f64, below: f64, above: f64) -> Self {
        Self { value, low: value - below, high: value + above }
    }

    /// With four decimals.
    #[must_use]
    pub fn rounded(self) -> Self {
        // Adding zero makes -0 positive.
        let round = |number: f64| (number * 10_000.0).round() / 10_000.0 + 0.0;
        Self { value: round(self.value), low: round(self.low), high: round(self.high) }
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    pub part: u64,
    pub whole: u64,
}

impl Proportion {
    /// The share with Wilson's score interval (1927), without correction for continuity; `None` of nothing.
    pub fn share(self) -> Option<Estimate> {
        if self.whole == 0 {
            return None;
        }
        let n = self.whole as f64;
        let p = self.part as f64 / n;
        let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n);
        // At 0 and at 1 a limit is the share itself, but for rounding.
        Some(Estimate { value: p, low: (centre - half).clamp(0.0, p), high: (centre + half).clamp(p, 1.0) })
    }

    /// By how much this share is greater than another, by Newcombe's method 10 (1998): from Wilson's limits of both.
    pub fn difference(self, other: Self) -> Option<Estimate> {
        let (one, other) = (self.share()?, other.share()?);
        let below = (one.value - one.low).hypot(other.high - other.value);
        let above = (one.high - one.value).hypot(other.value - other.low);
        Some(Estimate::around(one.value - other.value, below, above))
    }
}

/// What is known of a sample of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub count: u64,
    pub mean: f64,
    /// With n − 1 in its denominator.
    pub variance: f64,
}

impl Sample {
    /// Of hours, from sums of milliseconds and of their squares; `None` of fewer than two, which have no variance.
    pub fn of_hours(count: u64, sum_ms: u64, sum_of_squares: u128) -> Option<Self> {
        if count < 2 {
            return None;
        }
        let (n, sum) = (u128::from(count), u128::from(sum_ms));
        // Σ(x − x̄)² = (n Σx² − (Σx)²) / n: in whole numbers nothing is lost to rounding.
        let scatter = (n.saturating_mul(sum_of_squares)).saturating_sub(sum.saturating_mul(sum));
        let variance = scatter as f64 / (n as f64 * (n - 1) as f64);
        Some(Self { count, mean: sum as f64 / n as f64 * HOURS, variance: variance * HOURS * HOURS })
    }

    /// The variance of the mean.
    fn of_mean(self) -> f64 {
        self.variance / self.count as f64
    }

    /// The mean, with the interval of the normal approximation.
    pub fn estimate(self) -> Estimate {
        let half = Z * self.of_mean().sqrt();
        Estimate::around(self.mean, half, half)
    }

    /// By how much this mean is greater than another, with Welch's interval (1947): variances need not be equal.
    pub fn difference(self, other: Self) -> Estimate {
        let (one, two) = (self.of_mean(), other.of_mean());
        let half = if one + two > 0.0 {
            let degrees = |sample: Self| sample.count as f64 - 1.0;
            let freedom = (one + two).powi(2) / (one * one / degrees(self) + two * two / degrees(other));
            student(freedom) * (one + two).sqrt()
        } else {
            0.0
        };
        Estimate::around(self.mean - other.mean, half, half)
    }
}

/// The 97.5 % quantile of Student's t. With t = √ν · tan u its density becomes cosᵛ⁻¹ u on ±π/2: a smooth function, summed until 95 % are reached.
fn student(freedom: f64) -> f64 {
    if freedom > MANY {
        return Z;
    }
    let width = FRAC_PI_2 / f64::from(SLICES);
    let slice = |at: u32| ((f64::from(at) + 0.5) * width).cos().powf(freedom - 1.0);
    let mut left = 0.95 * (0..SLICES).map(slice).sum::<f64>();
    for at in 0..SLICES {
        let slice = slice(at);
        if left <= slice {
            return freedom.sqrt() * ((f64::from(at) + left / slice) * width).tan();
        }
        left -= slice;
    }
    Z
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(estimate: Option<Estimate>) -> (f64, f64) {
        let estimate = estimate.unwrap().rounded();
        (estimate.low, estimate.high)
    }

    /// Newcombe: Two-sided confidence intervals for the single proportion. Statistics in Medicine 17 (1998), 857–872, table I, method 3.
    #[test]
    fn shares_as_they_were_published() {
        for (part, whole, expected) in [
            (81, 263, (0.2553, 0.3662)),
            (15, 148, (0.0624, 0.1605)),
            (0, 20, (0.0, 0.1611)),
            (1, 29, (0.0061, 0.1718)),
        ] {
            assert_eq!(limits(Proportion { part, whole }.share()), expected);
        }
        assert_eq!(Proportion { part: 0, whole: 0 }.share(), None);
    }

    /// Newcombe: Interval estimation for the difference between independent proportions. Statistics in Medicine 17 (1998), 873–890, table II, method 10.
    #[test]
    fn differences_of_shares_as_they_were_published() {
        for (one, other, expected) in [
            ((56, 70), (48, 80), (0.0524, 0.3339)),
            ((9, 10), (3, 10), (0.1705, 0.8090)),
            ((6, 7), (2, 7), (0.0582, 0.8062)),
            ((5, 56), (0, 29), (-0.0381, 0.1926)),
            ((0, 10), (0, 20), (-0.1611, 0.2775)),
            ((0, 10), (0, 10), (-0.2775, 0.2775)),
            ((10, 10), (0, 20), (0.6791, 1.0)),
            ((10, 10), (0, 10), (0.6075, 1.0)),
        ] {
            let of = |(part, whole)| Proportion { part, whole };
            assert_eq!(limits(of(one).difference(of(other))), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn students_t_as_in_every_table() {
        for (freedom, expected) in [
            (1.0, 12.7062),
            (2.0, 4.3027),
            (3.0, 3.1824),
            (5.0, 2.5706),
            (10.0, 2.2281),
            (17.776, 2.1028),
            (30.0, 2.0423),
            (100.0, 1.9840),
            (1_000.0, 1.9623),
            (10_000.0, 1.9602),
            (1e9, 1.9600),
        ] {
            let found = student(freedom);
            assert!((found - expected).abs() < 1e-4, "{freedom}: {found}, not {expected}");
        }
    }

    fn sample(numbers: &[f64]) -> Sample {
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Sample { count: numbers.len() as u64, mean, variance }
    }

    /// "Student" (1908), hours of additional sleep: what `t.test(extra ~ group, data = sleep)` of R prints, −3.3654832 and 0.2054832.
    #[test]
    fn a_difference_of_means_as_r_prints_it() {
        let one = sample(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
        let other = sample(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
        let difference = one.difference(other);
        assert!((difference.value + 1.58).abs() < 1e-9);
        assert!((difference.low + 3.365_483_2).abs() < 1e-5, "{difference:?}");
        assert!((difference.high - 0.205_483_2).abs() < 1e-5, "{difference:?}");
    }

    /// 0, 1, 2 and 3 hours: the mean is 1.5 and the variance 5/3.
    #[test]
    fn a_mean_worked_out_by_hand() {
        let hour: u64 = 3_600_000;
        let squares = (0..4).map(|hours| u128::from(hours * hour).pow(2)).sum();
        let sample = Sample::of_hours(4, 6 * hour, squares).unwrap();
        assert!((sample.mean - 1.5).abs() < 1e-12 && (sample.variance - 5.0 / 3.0).abs() < 1e-12, "{sample:?}");
        // 1.96 × √(5/12) = 1.26515
        assert_eq!(sample.estimate().rounded(), Estimate { value: 1.5, low: 0.2348, high: 2.7652 });
        assert_eq!((Sample::of_hours(0, 0, 0), Sample::of_hours(1, hour, 1)), (None, None));
        let nothing = Sample::of_hours(3, 0, 0).unwrap();
        let zero = Estimate { value: 0.0, low: 0.0, high: 0.0 };
        assert_eq!((nothing.estimate(), nothing.difference(nothing)), (zero, zero));
    }

    proptest! {
        #[test]
        fn intervals_hold_their_value_and_turn_with_the_sides(
            (one, other) in ((0u64..500, 1u64..500), (0u64..500, 1u64..500)),
            numbers in proptest::collection::vec((0u32..100_000_000, 0u32..100_000_000), 2..20),
        ) {
            let of = |(part, whole): (u64, u64)| Proportion { part: part.min(whole), whole };
            let (one, other) = (of(one), of(other));
            let holds = |it: Estimate| it.low <= it.value && it.value <= it.high && it.low.is_finite() && it.high.is_finite();
            let share = one.share().unwrap();
            prop_assert!(holds(share) && share.low >= 0.0 && share.high <= 1.0);
            let (there, back) = (one.difference(other).unwrap(), other.difference(one).unwrap());
            prop_assert!(holds(there) && there.low >= -1.0 - 1e-9 && there.high <= 1.0 + 1e-9);
            prop_assert!((there.low + back.high).abs() < 1e-12 && (there.high + back.low).abs() < 1e-12);
            let sums = |pick: fn(&(u32, u32)) -> u32| {
                let all: Vec<u64> = numbers.iter().map(pick).map(u64::from).collect();
                let squares = all.iter().map(|number| u128::from(*number).pow(2)).sum();
                Sample::of_hours(all.len() as u64, all.iter().sum(), squares).unwrap()
            };
            let (one, other) = (sums(|pair| pair.0), sums(|pair| pair.1));
            prop_assert!(holds(one.estimate()) && holds(one.difference(other)));
        }
    }
}
