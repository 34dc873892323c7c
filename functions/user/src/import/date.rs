//! Moments as other services write them.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, format_description::well_known::Rfc3339};

use super::words::{DateOrder, Reason};

/// Films are older, viewings are not.
const FIRST_YEAR: i32 = 1920;
/// Nobody's clock is further ahead.
const AHEAD: Duration = Duration::DAY;

/// A moment by RFC 3339, `2026-01-31 20:15:00` or `2026-01-31`, in UTC.
///
/// # Errors
/// [`Reason::InvalidDate`] for anything else, and for what has not come yet.
pub fn moment(text: &str, now: OffsetDateTime) -> Result<OffsetDateTime, Reason> {
    let text = text.trim();
    let parsed = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
        let mut parts = date.split('-');
        let date = date_of(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)?;
        parts.next().is_none().then_some(())?;
        let time = if time.is_empty() { Time::MIDNIGHT } else { time_of(time)? };
        Some(PrimitiveDateTime::new(date, time).assume_utc())
    });
    parsed.filter(|at| is_possible(*at, now)).ok_or(Reason::InvalidDate)
}

fn is_possible(at: OffsetDateTime, now: OffsetDateTime) -> bool {
    at.year() >= FIRST_YEAR && at <= now + AHEAD
}

fn date_of(year: i32, month: u8, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

fn time_of(text: &str) -> Option<Time> {
    let mut parts = text.trim_end_matches(['Z', ' ']).split(':');
    let time = Time::from_hms(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    time.ok().filter(|_| parts.next().is_none())
}

/// A date of three numbers in the order of somebody's country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    day_first: Option<OffsetDateTime>,
    month_first: Option<OffsetDateTime>,
}

impl Written {
    /// `None` for what is no date in any order. The year stands first with four digits, else last; dots are written by those who begin with the day.
    pub fn read(text: &str, now: OffsetDateTime) -> Option<Self> {
        let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
        let (first, second, third) = (numbers.next()?, numbers.next()?, numbers.next()?);
        // No country writes a date with a time of day here.
        numbers.next().is_none().then_some(())?;
        let possible = |year: i32, month: &str, day: &str| -> Option<OffsetDateTime> {
            let date = date_of(year, month.parse().ok()?, day.parse().ok()?)?;
            Some(date.midnight().assume_utc()).filter(|at| is_possible(*at, now))
        };
        let (day_first, month_first) = if first.len() == 4 {
            let at = possible(first.parse().ok()?, second, third);
            (at, at)
        } else {
            let year = match third.len() {
                2 => 2000 + third.parse::<i32>().ok()?,
                4 => third.parse().ok()?,
                _ => return None,
            };
            let day_first = possible(year, second, first);
            let month_first = if text.contains('.') { day_first } else { possible(year, first, second) };
            (day_first, month_first)
        };
        (day_first.is_some() || month_first.is_some()).then_some(Self { day_first, month_first })
    }

    fn by(self, order: DateOrder) -> Option<OffsetDateTime> {
        match order {
            DateOrder::DayFirst => self.day_first,
            DateOrder::MonthFirst => self.month_first,
        }
    }

    /// The moment, in the order of the file, if that is known.
    ///
    /// # Errors
    /// That it is no date in this order, or that nobody can tell.
    pub fn at(self, order: Option<DateOrder>) -> Result<OffsetDateTime, Reason> {
        if let Some(order) = order {
            return self.by(order).ok_or(Reason::InvalidDate);
        }
        match (self.day_first, self.month_first) {
            (Some(one), Some(other)) if one != other => Err(Reason::UnclearDate),
            (one, other) => one.or(other).ok_or(Reason::InvalidDate),
        }
    }
}

/// The one order in which every date of a file is a date; `None` when it may be either, or none of them.
pub fn order_of(dates: impl IntoIterator<Item = Written>) -> Option<DateOrder> {
    let (mut is_day_first, mut is_month_first) = (true, true);
    for date in dates {
        is_day_first &= date.day_first.is_some();
        is_month_first &= date.month_first.is_some();
    }
    match (is_day_first, is_month_first) {
        (true, false) => Some(DateOrder::DayFirst),
        (false, true) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

    #[test]
    fn moments_are_read_as_services_write_them() {
        for (text, at) in [
            ("2014-09-01T09:10:11.000Z", datetime!(2014-09-01 09:10:11 UTC)),
            ("2023-01-02 20:11:12", datetime!(2023-01-02 20:11:12 UTC)),
            ("2023-01-02", datetime!(2023-01-02 0:00 UTC)),
            ("2026-06-16", datetime!(2026-06-16 0:00 UTC)),
        ] {
            assert_eq!(moment(text, NOW), Ok(at), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2023-13-01",
            "2023-02-30",
            "2026-06-17",
            "1066-10-14",
            "2023-01-02-03",
            "2023-1-2 25:00:00",
        ] {
            assert_eq!(moment(text, NOW), Err(Reason::InvalidDate), "{text}");
        }
    }

    #[test]
    fn a_date_of_a_country_may_be_two() {
        let at = |text, order| Written::read(text, NOW).unwrap().at(order);
        assert_eq!(at("1/15/23", None), Ok(datetime!(2023-01-15 0:00 UTC)));
        assert_eq!(at("15/01/2023", None), Ok(datetime!(2023-01-15 0:00 UTC)));
        assert_eq!(at("01.02.23", None), Ok(datetime!(2023-02-01 0:00 UTC)));
        assert_eq!(at("2023. 1. 15.", None), Ok(datetime!(2023-01-15 0:00 UTC)));
        assert_eq!(at("2023/02/01", None), Ok(datetime!(2023-02-01 0:00 UTC)));
        assert_eq!(at("3/3/23", None), Ok(datetime!(2023-03-03 0:00 UTC)));
        assert_eq!(at("1/2/23", None), Err(Reason::UnclearDate));
        assert_eq!(at("1/2/23", Some(DateOrder::DayFirst)), Ok(datetime!(2023-02-01 0:00 UTC)));
        assert_eq!(at("1/2/23", Some(DateOrder::MonthFirst)), Ok(datetime!(2023-01-02 0:00 UTC)));
        assert_eq!(at("1/15/23", Some(DateOrder::DayFirst)), Err(Reason::InvalidDate));
        // The other order has not come yet.
        assert_eq!(at("6/7/26", None), Ok(datetime!(2026-06-07 0:00 UTC)));
        for text in ["", "1/2", "40/40/23", "1/2/3/4", "x", "1/2/123", "2/30/23", "7/6/27"] {
            assert_eq!(Written::read(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn one_clear_date_decides_for_all() {
        let order = |texts: &[&str]| order_of(texts.iter().filter_map(|text| Written::read(text, NOW)));
        assert_eq!(order(&["1/2/23", "1/15/23"]), Some(DateOrder::MonthFirst));
        assert_eq!(order(&["1/2/23", "15/1/23"]), Some(DateOrder::DayFirst));
        assert_eq!(order(&["1/2/23", "3/4/23"]), None);
        assert_eq!(order(&["1/15/23", "15/1/23"]), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9/. :T-]{0,24}") {
            let _ = moment(&text, NOW);
            let _ = Written::read(&text, NOW);
        }
    }
}
