//! Amounts as mails write them, the same in every language.

use kernel::Money;

/// `299.00 RUB`
pub(crate) fn written(money: Money) -> String {
    let (whole, fraction) = money.digits();
    let sign = if money.minor < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
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
