//! A full hour in UTC, the unit of the roll-up.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const SECONDS: u32 = 3600;
const DAY_SECONDS: u32 = 86_400;
/// How many hours before the current one every run computes again: by then most sessions have ended.
const BEFORE: u32 = 2;
/// How many days before the current one every daily run computes again.
const DAYS_BEFORE: u32 = 2;

/// A full hour; ClickHouse's `DateTime` holds 1970 to 2106.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(u32);

impl Hour {
    /// The hour a moment lies in; `None` outside of what can be stored.
    pub fn of(moment: OffsetDateTime) -> Option<Self> {
        let seconds = u32::try_from(moment.unix_timestamp()).ok()?;
        Some(Self(seconds - seconds % SECONDS))
    }

    /// Its beginning in seconds since 1970.
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// An hour by its beginning in seconds since 1970.
    pub fn from_seconds(seconds: u32) -> Self {
        Self(seconds - seconds % SECONDS)
    }

    /// The first hour of its day.
    pub fn day(self) -> Self {
        Self(self.0 - self.0 % DAY_SECONDS)
    }

    /// The hour so many hours later.
    pub fn later(self, hours: u32) -> Self {
        Self(self.0.saturating_add(hours.saturating_mul(SECONDS)) / SECONDS * SECONDS)
    }

    /// The hour so many hours before; the first there is at the earliest.
    pub fn earlier(self, hours: u32) -> Self {
        Self(self.0.saturating_sub(hours.saturating_mul(SECONDS)))
    }

    /// Full hours from this one until another; none where that is not later.
    pub fn until(self, other: Self) -> u32 {
        other.0.saturating_sub(self.0) / SECONDS
    }

    /// Its beginning.
    pub fn begin(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(i64::from(self.0)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// The hours a run computes, oldest first: the current one, the two before it, and every hour that received data since the last run.
pub fn due(now: Hour, late: impl IntoIterator<Item = Hour>) -> Vec<Hour> {
    let recent = (0..=BEFORE).map(|back| Hour(now.0.saturating_sub(back * SECONDS)));
    recent.chain(late).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The days of some hours that are over, each by its first hour: today is counted tomorrow.
pub fn whole_days(now: Hour, hours: impl IntoIterator<Item = Hour>) -> BTreeSet<Hour> {
    hours.into_iter().map(Hour::day).filter(|day| *day < now.day()).collect()
}

/// The days a daily run computes, oldest first: the last two whole days, and every whole day with a late hour.
pub fn days_due(now: Hour, late: impl IntoIterator<Item = Hour>) -> Vec<Hour> {
    let recent = (1..=DAYS_BEFORE).map(|back| Hour(now.day().0.saturating_sub(back * DAY_SECONDS)));
    whole_days(now, recent.chain(late)).into_iter().collect()
}

impl Serialize for Hour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        time::serde::rfc3339::serialize(&self.begin(), serializer)
    }
}

impl<'de> Deserialize<'de> for Hour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // In a query a plus sign may have become a space.
        let moment = OffsetDateTime::parse(&text.replace(' ', "+"), &Rfc3339).ok();
        let hour = moment.and_then(|moment| Self::of(moment).filter(|hour| hour.begin() == moment));
        hour.ok_or_else(|| D::Error::custom("must be a full hour such as 2026-01-31T18:00:00Z"))
    }
}

impl utoipa::PartialSchema for Hour {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A full hour."))
            .examples(["2026-01-31T18:00:00Z"])
            .into()
    }
}

impl utoipa::ToSchema for Hour {}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn recent_and_late_hours_are_computed_once_each() {
        let hour = |moment| Hour::of(moment).unwrap();
        let now = hour(datetime!(2026-01-02 01:59:59 UTC));
        let late = [hour(datetime!(2025-12-24 20:30 UTC)), hour(datetime!(2026-01-02 00:00 UTC))];
        let expected = [
            datetime!(2025-12-24 20:00 UTC),
            datetime!(2026-01-01 23:00 UTC),
            datetime!(2026-01-02 00:00 UTC),
            datetime!(2026-01-02 01:00 UTC),
        ];
        assert_eq!(due(now, late), expected.map(hour));
        assert_eq!(due(Hour(0), []), [Hour(0)]);
    }

    #[test]
    fn whole_days_are_computed_once_each() {
        let hour = |moment| Hour::of(moment).unwrap();
        let late = [datetime!(2025-12-24 20:30 UTC), datetime!(2026-01-02 00:10 UTC), datetime!(2026-01-01 5:00 UTC)];
        let expected = [datetime!(2025-12-24 0:00 UTC), datetime!(2025-12-31 0:00 UTC), datetime!(2026-01-01 0:00 UTC)];
        assert_eq!(days_due(hour(datetime!(2026-01-02 00:20 UTC)), late.map(hour)), expected.map(hour));
        let noon = hour(datetime!(2026-01-02 12:00 UTC));
        assert_eq!((noon.earlier(13).until(noon), noon.until(noon.earlier(1))), (13, 0));
        assert_eq!(noon.later(12), hour(datetime!(2026-01-03 0:00 UTC)));
    }

    #[test]
    fn only_full_hours_are_read() {
        let read = |text: &str| serde_json::from_value::<Hour>(text.into());
        assert_eq!(read("2026-01-31T18:00:00Z").unwrap(), read("2026-01-31T20:00:00 02:00").unwrap());
        for wrong in ["2026-01-31T18:00:01Z", "2026-01-31", "", "1969-12-31T23:00:00Z", "2107-01-01T00:00:00Z", "soon"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::to_value(read("2026-01-31T18:00:00Z").unwrap()).unwrap(), "2026-01-31T18:00:00Z");
        assert_eq!(Hour::of(datetime!(1960-01-01 00:00 UTC)), None);
    }
}
