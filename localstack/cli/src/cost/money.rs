//! US dollars in billionths of a thousandth: a GB-second costs thirteen millions of them.

use std::{fmt, iter::Sum, ops::AddAssign};

use serde::{Serialize, Serializer};

/// Digits behind the point of a dollar.
pub(super) const DIGITS: u32 = 12;
const DOLLAR: u128 = 10_u128.pow(DIGITS);
const CENT: u128 = DOLLAR / 100;

/// An amount of US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Money(u128);

impl Money {
    /// Of so many 10⁻¹² dollars.
    pub(super) fn of_picodollars(amount: u128) -> Self {
        Self(amount)
    }

    /// In 10⁻¹² dollars.
    pub(super) fn picodollars(self) -> u128 {
        self.0
    }

    /// What each of some gets of it; nobody's share is nothing.
    pub(super) fn share(self, of: u128) -> Self {
        Self(self.0.checked_div(of).unwrap_or_default())
    }

    /// With some digits behind the point, 12 at most; rounded half up.
    pub(super) fn text(self, digits: u32) -> String {
        let unit = 10_u128.pow(DIGITS - digits.min(DIGITS));
        let amount = (self.0 + unit / 2) / unit;
        let scale = 10_u128.pow(digits.min(DIGITS));
        let whole = grouped(amount / scale);
        let width = digits as usize;
        if digits == 0 { whole } else { format!("{whole}.{:0width$}", amount % scale) }
    }
}

/// A number with a comma after each three digits.
pub(super) fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Money {
    /// Cents up to a hundred dollars, dollars above.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0 + CENT / 2 < 100 * DOLLAR { 2 } else { 0 };
        f.write_str(&self.text(digits))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text(DIGITS).replace(',', ""))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_write_them() {
        for (picodollars, text) in [
            (0, "0.00"),
            (CENT / 2, "0.01"),
            (1_234 * DOLLAR, "1,234"),
            (12 * DOLLAR + 345 * CENT / 100, "12.03"),
            (99 * DOLLAR + 99 * CENT + CENT / 2, "100"),
            (1_234_567 * DOLLAR + DOLLAR / 2, "1,234,568"),
        ] {
            assert_eq!(Money(picodollars).to_string(), text);
        }
        assert_eq!(Money(13_333_400).text(DIGITS), "0.000013333400");
        assert_eq!(serde_json::to_string(&Money(1_500 * DOLLAR)).unwrap(), "\"1500.000000000000\"");
    }

    #[test]
    fn a_share_of_nobody_is_nothing() {
        assert_eq!(Money(10).share(0), Money(0));
        assert_eq!(Money(10).share(4), Money(2));
    }
}
