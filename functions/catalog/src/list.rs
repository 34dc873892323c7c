//! Which titles a list has, and in which order.

use std::str::FromStr;

use kernel::{Territory, TitleId, TitleKind};
use serde::{Deserialize, Deserializer, de::Error as _};
use time::Duration;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use crate::text::Slug;

/// Which titles to list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// What it is; films and series when absent.
    #[serde(rename = "type")]
    #[param(inline)]
    pub kind: Option<TitleKind>,
    /// Slug of a genre.
    pub genre: Option<Slug>,
    /// When it first appeared.
    #[param(minimum = -32768, maximum = 32767)]
    pub year: Option<i16>,
    /// Where it was made.
    pub country: Option<Territory>,
    /// Only what stops being offered where the caller is within this time: `30d`, 1 to 365 days.
    #[param(inline)]
    pub leaving_within: Option<Days>,
    /// The order.
    #[serde(default)]
    #[param(inline)]
    pub sort: Sort,
}

/// A number of days, `1d` to `365d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(u16);

impl Days {
    const MOST: u16 = 365;
    const PATTERN: &str = "^([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])d$";

    /// As a length of time.
    pub fn duration(self) -> Duration {
        Duration::days(self.0.into())
    }
}

impl FromStr for Days {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_suffix('d').filter(|digits| is_whole(digits));
        let days = digits.and_then(|digits| digits.parse().ok()).filter(|days| (1..=Self::MOST).contains(days));
        days.map(Self).ok_or("must be 1d to 365d")
    }
}

/// Digits without a zero before them.
fn is_whole(digits: &str) -> bool {
    !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit())
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Days {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(Self::PATTERN)).examples(["30d"]).into()
    }
}

impl ToSchema for Days {}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Last published first.
    #[default]
    Newest,
    /// By name.
    Title,
    /// Latest year first.
    Year,
}

/// Where a page ends: the sort key and the id of its last title.
pub(crate) type Place = (String, TitleId);

impl Filter {
    /// What a list shows: seasons and episodes only to those who ask for them.
    pub(crate) fn kinds(&self) -> Vec<TitleKind> {
        self.kind.map_or_else(|| vec![TitleKind::Film, TitleKind::Series], |kind| vec![kind])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_one_to_a_year() {
        assert_eq!("30d".parse(), Ok(Days(30)));
        assert_eq!("365d".parse::<Days>().map(Days::duration), Ok(Duration::days(365)));
        for wrong in
            ["", "d", "0d", "030d", "366d", "99999999d", "-1d", "+1d", "1.5d", "30", "30D", "P30D", "30 d", "٣d"]
        {
            assert!(wrong.parse::<Days>().is_err(), "{wrong}");
        }
    }
}
