//! Amounts, rates and times as people write them.

use kernel::Money;
use time::{Month, OffsetDateTime, UtcOffset};

use crate::language::Language;

/// Keeps an amount and its currency on one line.
const NO_BREAK: char = '\u{a0}';

/// `1,234.50 EUR`, `1 234,50 EUR`.
pub(super) fn amount(money: Money, language: Language) -> String {
    let (whole, fraction) = money.digits();
    let (group, point) = match language {
        Language::English => (',', '.'),
        Language::Russian => (NO_BREAK, ','),
    };
    let mut written = String::new();
    if money.minor < 0 {
        written.push('−');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            written.push(group);
        }
        written.push(digit);
    }
    if !fraction.is_empty() {
        written.push(point);
        written.push_str(&fraction);
    }
    format!("{written}{NO_BREAK}{}", money.currency)
}

/// `19%`, `19.5%`.
pub(super) fn percent(basis_points: u16, language: Language) -> String {
    let (whole, part) = (basis_points / 100, basis_points % 100);
    let part = format!("{part:02}");
    match (part.trim_end_matches('0'), language) {
        ("", _) => format!("{whole}%"),
        (part, Language::English) => format!("{whole}.{part}%"),
        (part, Language::Russian) => format!("{whole},{part}%"),
    }
}

/// `31 January 2027`, `31 января 2027 г.`, in UTC.
pub(super) fn day(at: OffsetDateTime, language: Language) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (day, year) = (at.day(), at.year());
    match language {
        Language::English => format!("{day} {} {year}", at.month()),
        Language::Russian => format!("{day} {} {year} г.", of_month(at.month())),
    }
}

/// The day with the time of day, in UTC.
pub(super) fn moment(at: OffsetDateTime, language: Language) -> String {
    let time = at.to_offset(UtcOffset::UTC).time();
    format!("{}, {:02}:{:02}", day(at, language), time.hour(), time.minute())
}

fn of_month(month: Month) -> &'static str {
    match month {
        Month::January => "января",
        Month::February => "февраля",
        Month::March => "марта",
        Month::April => "апреля",
        Month::May => "мая",
        Month::June => "июня",
        Month::July => "июля",
        Month::August => "августа",
        Month::September => "сентября",
        Month::October => "октября",
        Month::November => "ноября",
        Month::December => "декабря",
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency_and_lose_none() {
        let written = |minor, currency: &str, language| amount(Money::new(minor, currency.parse().unwrap()), language);
        for (minor, currency, english, russian) in [
            (0, "EUR", "0.00 EUR", "0,00 EUR"),
            (5, "EUR", "0.05 EUR", "0,05 EUR"),
            (29_900, "RUB", "299.00 RUB", "299,00 RUB"),
            (123_456_789, "EUR", "1,234,567.89 EUR", "1 234 567,89 EUR"),
            (-99_900, "EUR", "−999.00 EUR", "−999,00 EUR"),
            (-100_000, "EUR", "−1,000.00 EUR", "−1 000,00 EUR"),
            (1_000, "JPY", "1,000 JPY", "1 000 JPY"),
            (1_234, "KWD", "1.234 KWD", "1,234 KWD"),
            (i64::MIN, "EUR", "−92,233,720,368,547,758.08 EUR", "−92 233 720 368 547 758,08 EUR"),
        ] {
            assert_eq!(written(minor, currency, Language::English).replace(NO_BREAK, " "), english);
            assert_eq!(written(minor, currency, Language::Russian).replace(NO_BREAK, " "), russian);
        }
    }

    #[test]
    fn rates_and_times_are_written_out() {
        for (points, english, russian) in [
            (0, "0%", "0%"),
            (1_900, "19%", "19%"),
            (1_950, "19.5%", "19,5%"),
            (705, "7.05%", "7,05%"),
            (10_000, "100%", "100%"),
        ] {
            assert_eq!(
                (&*percent(points, Language::English), &*percent(points, Language::Russian)),
                (english, russian)
            );
        }
        let at = datetime!(2027-05-31 23:30 -2);
        assert_eq!(day(at, Language::English), "1 June 2027");
        assert_eq!(moment(at, Language::Russian), "1 июня 2027 г., 01:30");
    }
}
