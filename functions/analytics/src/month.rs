//! A calendar month in UTC, the unit of money.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{Date, OffsetDateTime};

use crate::{hour::Hour, span::Hours};

const FIRST_YEAR: i32 = 1970;
/// The last whole year that ClickHouse's `DateTime` holds.
const LAST_YEAR: i32 = 2105;

/// A calendar month of the years 1970 to 2105.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    year: i32,
    month: time::Month,
}

fn first_moment(year: i32, month: time::Month) -> OffsetDateTime {
    Date::from_calendar_date(year, month, 1).map_or(OffsetDateTime::UNIX_EPOCH, |day| day.midnight().assume_utc())
}

impl Month {
    /// Its first moment.
    pub fn begins(self) -> OffsetDateTime {
        first_moment(self.year, self.month)
    }

    /// The first moment after it.
    pub fn ends(self) -> OffsetDateTime {
        let year = if self.month == time::Month::December { self.year + 1 } else { self.year };
        first_moment(year, self.month.next())
    }

    /// Its hours.
    pub fn hours(self) -> Hours {
        let hour = |moment| Hour::of(moment).unwrap_or(Hour::from_seconds(0));
        Hours { from: hour(self.begins()), until: hour(self.ends()) }
    }
}

/// The hours of a year from 1970 to 2105.
pub fn year_hours(year: i32) -> Option<Hours> {
    let month = |month| Month { year, month }.hours();
    let is_known = (FIRST_YEAR..=LAST_YEAR).contains(&year);
    is_known.then(|| Hours { from: month(time::Month::January).from, until: month(time::Month::December).until })
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, u8::from(self.month))
    }
}

/// The text is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a month such as 2026-01, from 1970 to 2105")]
pub struct MonthError;

impl std::str::FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let (year, month) = text.split_once('-').ok_or(MonthError)?;
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(MonthError);
        }
        let year = year.parse().ok().filter(|year| (FIRST_YEAR..=LAST_YEAR).contains(year)).ok_or(MonthError)?;
        let month = month.parse::<u8>().ok().and_then(|month| time::Month::try_from(month).ok()).ok_or(MonthError)?;
        Ok(Self { year, month })
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl utoipa::PartialSchema for Month {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9]{4}-(0[1-9]|1[0-2])$"))
            .description(Some("A calendar month in UTC."))
            .examples(["2026-01"])
            .into()
    }
}

impl utoipa::ToSchema for Month {}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_month_lasts_until_the_next() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        assert_eq!(month("2024-02").begins(), datetime!(2024-02-01 0:00 UTC));
        assert_eq!(month("2024-02").ends(), datetime!(2024-03-01 0:00 UTC));
        assert_eq!(month("2105-12").ends(), datetime!(2106-01-01 0:00 UTC));
        assert_eq!(month("2026-11").to_string(), "2026-11");
        for wrong in
            ["", "2026", "2026-13", "2026-00", "2026-1", "1969-12", "2106-01", "+026-01", "2026-01-01", "26-01"]
        {
            assert_eq!(wrong.parse::<Month>(), Err(MonthError), "{wrong}");
        }
    }
}
