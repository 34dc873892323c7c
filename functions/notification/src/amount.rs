//! Amounts as mails write them, the same in every language.

use kernel::{Currency, Money};

/// How many digits of a currency are minor units (ISO 4217).
fn minor_digits(currency: Currency) -> usize {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// `299.00 RUB`
pub(crate) fn written(money: Money) -> String {
    let digits = minor_digits(money.currency);
    let text = format!("{:0>1$}", money.minor.unsigned_abs(), digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let sign = if money.minor < 0 { "-" } else { "" };
    let point = if digits > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction} {}", money.currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_are_those_of_the_currency() {
        for (minor, currency, expected) in [
            (29_900, "RUB", "299.00 RUB"),
            (5, "EUR", "0.05 EUR"),
            (0, "EUR", "0.00 EUR"),
            (-150, "EUR", "-1.50 EUR"),
            (1_234, "JPY", "1234 JPY"),
            (1_234, "KWD", "1.234 KWD"),
            (i64::MIN, "EUR", "-92233720368547758.08 EUR"),
        ] {
            assert_eq!(written(Money::new(minor, currency.parse().unwrap())), expected);
        }
    }
}
