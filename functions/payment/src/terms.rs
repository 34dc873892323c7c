//! What is sold, as it was when somebody bought it: later prices do not touch it.

use kernel::{Money, MoneyError, Names, Period, PriceId};
use serde::{Deserialize, Serialize};

/// A version of a plan's price with what the plan allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The price's version.
    pub price: PriceId,
    /// The plan's key.
    pub plan: String,
    /// What it was called; none in what was sold before names were kept.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub names: Names,
    /// Of a whole period, with the tax in it.
    pub amount: Money,
    /// How long one payment lasts.
    pub period: Period,
    /// Hundredths of a percent.
    pub tax_basis_points: u16,
    /// The legal entity that sells.
    pub seller: String,
    /// Parallel streams.
    pub max_streams: u32,
    /// Highest picture in lines.
    pub max_height: u32,
}

impl Terms {
    /// Whether both are the same version of a price. What is said about its plan may have changed since.
    pub fn is_same_price(&self, other: &Self) -> bool {
        self.price == other.price
    }

    /// A whole period less `percent_off` (0 to 100), rounded once.
    ///
    /// # Errors
    /// Beyond 64 bits.
    pub fn amount_less(&self, percent_off: u8) -> Result<Money, MoneyError> {
        self.amount.share(100 - i64::from(percent_off.min(100)), 100)
    }
}

/// What a promo code takes off the periods to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// 1 to 100.
    pub percent_off: u8,
    /// How many more periods it counts for.
    pub periods_left: u32,
}
