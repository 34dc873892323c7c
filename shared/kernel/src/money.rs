//! Money in minor units; never a float.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An ISO 4217 code of money, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The text is not a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a currency such as EUR")]
pub struct CurrencyError;

impl Currency {
    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits of an amount are minor units (ISO 4217).
    pub fn minor_digits(&self) -> usize {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError)?;
        // Metals, funds and test codes begin with an X as well: nobody pays with those.
        let is_money = code[0] != b'X' || matches!(&code, b"XAF" | b"XCD" | b"XCG" | b"XOF" | b"XPF");
        if is_money && code.iter().all(u8::is_ascii_uppercase) { Ok(Self(code)) } else { Err(CurrencyError) }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .examples(["RUB"])
            .into()
    }
}

impl utoipa::ToSchema for Currency {}

crate::sql::as_text!(Currency);

/// An amount in a currency's minor unit: `{"amount": 29900, "currency": "RUB"}` is 299 roubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units; negative for a credit.
    #[serde(rename = "amount")]
    pub minor: i64,
    /// Of what.
    pub currency: Currency,
}

/// Two amounts that cannot be reckoned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Of different currencies.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
    /// Beyond what 64 bits hold.
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    /// Minor units of a currency.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The digits before and behind the decimal point, without the sign; the second is empty for a currency without minor units.
    pub fn digits(self) -> (String, String) {
        let minor = self.currency.minor_digits();
        let mut whole = format!("{:0>1$}", self.minor.unsigned_abs(), minor + 1);
        let fraction = whole.split_off(whole.len() - minor);
        (whole, fraction)
    }

    /// Nothing.
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The sum.
    ///
    /// # Errors
    /// For different currencies, and beyond 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference.
    ///
    /// # Errors
    /// For different currencies, and beyond 64 bits.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(Self { minor: other.minor.checked_neg().ok_or(MoneyError::Overflow)?, ..other })
    }

    /// `part / whole` of it, rounded once: half to even.
    ///
    /// # Errors
    /// Beyond 64 bits, and for a `whole` that is not positive.
    pub fn share(self, part: i64, whole: i64) -> Result<Self, MoneyError> {
        let minor = share(self.minor, part, whole).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The tax that is in it, at a rate in hundredths of a percent: 1900 is 19 %.
    ///
    /// # Errors
    /// Beyond 64 bits.
    pub fn tax_included(self, basis_points: u16) -> Result<Self, MoneyError> {
        self.share(i64::from(basis_points), 10_000 + i64::from(basis_points))
    }
}

/// `amount * part / whole`, half to even.
fn share(amount: i64, part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    let (product, whole) = (i128::from(amount) * i128::from(part), i128::from(whole));
    let (quotient, rest) = (product.div_euclid(whole), product.rem_euclid(whole));
    let is_up = match (rest * 2).cmp(&whole) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    i64::try_from(quotient + i128::from(is_up)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn euro(minor: i64) -> Money {
        Money::new(minor, "EUR".parse().unwrap())
    }

    #[test]
    fn money_is_read_as_it_is_written_and_nothing_else_is_money() {
        let text = r#"{"amount":29900,"currency":"RUB"}"#;
        let money: Money = serde_json::from_str(text).unwrap();
        assert_eq!((money.minor, money.currency.as_str()), (29_900, "RUB"));
        assert_eq!(serde_json::to_string(&money).unwrap(), text);
        assert_eq!(
            (format!("{}", money.currency), format!("{:?}", money.currency)),
            ("RUB".to_owned(), "RUB".to_owned())
        );
        for wrong in [
            r#"{"amount":299.5,"currency":"RUB"}"#,
            r#"{"amount":9223372036854775808,"currency":"RUB"}"#,
            r#"{"amount":1,"currency":"rub"}"#,
            r#"{"amount":1,"currency":"RUBL"}"#,
            r#"{"amount":1,"currency":"XXX"}"#,
            r#"{"amount":1}"#,
            r#"{"amount":1,"currency":"RUB","minor":1}"#,
        ] {
            assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn currencies_do_not_mix_and_sums_do_not_wrap() {
        let rouble = Money::new(1, "RUB".parse().unwrap());
        assert!(matches!(euro(1).plus(rouble), Err(MoneyError::Mixed(..))));
        assert_eq!(euro(i64::MAX).plus(euro(1)), Err(MoneyError::Overflow));
        assert_eq!(euro(0).minus(euro(i64::MIN)), Err(MoneyError::Overflow));
        assert_eq!(euro(i64::MAX).share(3, 1), Err(MoneyError::Overflow));
        assert_eq!(euro(1).share(1, 0), Err(MoneyError::Overflow));
        assert_eq!(euro(1).share(1, -1), Err(MoneyError::Overflow));
        assert_eq!(euro(i64::MIN).share(3, 1), Err(MoneyError::Overflow));
        assert_eq!((euro(3).minus(euro(5)), Money::zero(euro(1).currency)), (Ok(euro(-2)), euro(0)));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (amount, part, whole, expected) in
            [(1, 1, 2, 0), (3, 1, 2, 2), (5, 1, 2, 2), (-1, 1, 2, 0), (-3, 1, 2, -2), (2, 1, 3, 1), (1, 1, 3, 0)]
        {
            assert_eq!(euro(amount).share(part, whole), Ok(euro(expected)), "{amount} * {part} / {whole}");
        }
        assert_eq!(euro(11_900).tax_included(1_900), Ok(euro(1_900)));
        assert_eq!(euro(999).tax_included(0), Ok(euro(0)));
    }

    proptest! {
        #[test]
        fn a_share_is_within_half_a_unit_of_the_truth(amount in -1_000_000_000_000i64..1_000_000_000_000, whole in 1i64..100_000_000, part in 0i64..100_000_000) {
            let part = part.min(whole);
            let got = euro(amount).share(part, whole).unwrap().minor;
            let error = i128::from(got) * i128::from(whole) - i128::from(amount) * i128::from(part);
            prop_assert!(error.abs() * 2 <= i128::from(whole));
        }

        #[test]
        fn two_shares_that_make_the_whole_differ_from_it_by_one_unit_at_most(amount in 0i64..1_000_000_000, whole in 1i64..100_000_000, part in 0i64..100_000_000) {
            let part = part.min(whole);
            let sum = euro(amount).share(part, whole).unwrap().minor + euro(amount).share(whole - part, whole).unwrap().minor;
            prop_assert!((sum - amount).abs() <= 1);
        }
    }
}
