//! Billing periods in UTC: anniversaries of a moment, kept at month ends and on leap days.

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// How long a billing period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

impl Period {
    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn months(self) -> i64 {
        match self {
            Self::Month => 1,
            Self::Year => 12,
        }
    }

    /// The `count`-th anniversary of `anchor`, at its time of day. A day that the month does not have becomes its last; it is always reckoned
    /// from the anchor, so that 31 January is followed by 28 February and then by 31 March.
    pub fn anniversary(self, anchor: OffsetDateTime, count: u32) -> OffsetDateTime {
        let anchor = anchor.to_offset(UtcOffset::UTC);
        let months =
            i64::from(anchor.year()) * 12 + i64::from(u8::from(anchor.month())) - 1 + self.months() * i64::from(count);
        // Years beyond what the calendar knows stay at its end.
        let year = i32::try_from(months.div_euclid(12)).unwrap_or(9_999).min(9_999);
        let month = u8::try_from(months.rem_euclid(12) + 1).ok().and_then(|month| Month::try_from(month).ok());
        let month = month.unwrap_or(Month::December);
        let day = anchor.day().min(month.length(year));
        Date::from_calendar_date(year, month, day).map_or(anchor, |date| anchor.replace_date(date))
    }
}

/// A word that names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown period {0:?}")]
pub struct UnknownPeriod(String);

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Period {
    type Err = UnknownPeriod;

    fn from_str(text: &str) -> Result<Self, UnknownPeriod> {
        [Self::Month, Self::Year]
            .into_iter()
            .find(|period| period.as_str() == text)
            .ok_or_else(|| UnknownPeriod(text.to_owned()))
    }
}

crate::sql::as_text!(Period);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};

    use super::*;

    #[test]
    fn month_ends_and_leap_days_come_back() {
        let months = |anchor, counts: &[u32]| -> Vec<_> {
            counts.iter().map(|count| Period::Month.anniversary(anchor, *count)).collect()
        };
        assert_eq!(
            months(datetime!(2027-01-31 10:30 UTC), &[0, 1, 2, 3, 13]),
            [
                datetime!(2027-01-31 10:30 UTC),
                datetime!(2027-02-28 10:30 UTC),
                datetime!(2027-03-31 10:30 UTC),
                datetime!(2027-04-30 10:30 UTC),
                datetime!(2028-02-29 10:30 UTC),
            ]
        );
        let leap = datetime!(2028-02-29 00:00 UTC);
        let years: Vec<_> = [1, 4].map(|count| Period::Year.anniversary(leap, count)).to_vec();
        assert_eq!(years, [datetime!(2029-02-28 00:00 UTC), datetime!(2032-02-29 00:00 UTC)]);
        // An offset is not a day of its own.
        let late = datetime!(2027-01-31 01:00 +3);
        assert_eq!(Period::Month.anniversary(late, 1), datetime!(2027-02-28 22:00 UTC));
    }

    #[test]
    fn a_period_is_written_and_read_as_its_word() {
        for (period, word) in [(Period::Month, "month"), (Period::Year, "year")] {
            assert_eq!((period.as_str(), period.to_string().as_str(), word.parse()), (word, word, Ok(period)));
        }
        assert_eq!("week".parse::<Period>(), Err(UnknownPeriod("week".to_owned())));
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_gap_and_none_is_short(seconds in 0i64..4_000_000_000, count in 0u32..400, is_year: bool) {
            let anchor = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let (period, least) = if is_year { (Period::Year, 365) } else { (Period::Month, 28) };
            let (from, to) = (period.anniversary(anchor, count), period.anniversary(anchor, count + 1));
            prop_assert!(to - from >= Duration::days(least));
            let longest = Duration::days(if is_year { 366 } else { 31 });
            prop_assert!(to - from <= longest);
            prop_assert_eq!(from.time(), anchor.time());
        }
    }
}
