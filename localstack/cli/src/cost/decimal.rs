//! Exact decimals: what is written as `0.0000133334` is counted, and never a float.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Deserializer, de::Error};

/// Digits behind the point of a [`Factor`].
const FACTOR_DIGITS: u32 = 6;
/// A [`Factor`] of one.
pub(super) const ONE: u128 = 1_000_000;

/// A decimal as a number of its last digit's units.
pub(super) fn parse(text: &str, digits: u32) -> Result<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let has_digits_only = [whole, part].iter().all(|half| half.bytes().all(|byte| byte.is_ascii_digit()));
    ensure!(has_digits_only && !whole.is_empty(), "`{text}` is no decimal such as 0.25");
    let behind = u32::try_from(part.len()).context("a long decimal")?;
    ensure!(behind <= digits, "`{text}` has more than {digits} digits behind the point");
    let number: u128 = format!("{whole}{part}").parse().with_context(|| format!("`{text}` is no decimal"))?;
    number.checked_mul(10_u128.pow(digits - behind)).with_context(|| format!("`{text}` is too large"))
}

/// How often something happens for each of something else, or how much one of it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Factor(u128);

impl Factor {
    /// Of so many millionths.
    #[cfg(test)]
    pub(super) fn of_millionths(millionths: u128) -> Self {
        Self(millionths)
    }

    /// So many times a number, rounded half up.
    pub(super) fn times(self, number: u128) -> u128 {
        (self.0 * number + ONE / 2) / ONE
    }

    /// In millionths.
    pub(super) fn millionths(self) -> u128 {
        self.0
    }

    /// The number without what is behind the point.
    pub(super) fn whole(self) -> u128 {
        self.0 / ONE
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text, FACTOR_DIGITS).map(Self).map_err(|error| D::Error::custom(format!("{error:#}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_to_the_digit() {
        for (text, digits, number) in
            [("0.0000133334", 12, 13_333_400), ("3.50", 12, 3_500_000_000_000), ("12", 6, 12_000_000), ("0", 6, 0)]
        {
            assert_eq!(parse(text, digits).unwrap(), number, "{text}");
        }
        for broken in ["", ".5", "1e-5", "-1", "1,5", "0.1234567", "1.2.3", " 1"] {
            assert!(parse(broken, 6).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_factor_rounds_half_up() {
        let half = Factor::of_millionths(500_000);
        assert_eq!([0, 1, 2, 3].map(|number| half.times(number)), [0, 1, 1, 2]);
        assert_eq!(Factor::of_millionths(2_500_000).whole(), 2);
    }
}
