//! Times as numbers of milliseconds since 1970: what DynamoDB can compare.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use time::OffsetDateTime;

/// Milliseconds since 1970.
pub fn of(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The time without what is finer than a millisecond, as it comes back from the store.
pub fn floor(time: OffsetDateTime) -> OffsetDateTime {
    from(of(time)).unwrap_or(time)
}

fn from(millis: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()
}

pub fn serialize<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(of(*time))
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    from(i64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not a time"))
}

/// The same for a time that may be absent.
pub mod option {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
    use time::OffsetDateTime;

    pub fn serialize<S: Serializer>(time: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_some(&super::of(*time)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
        let millis = Option::<i64>::deserialize(deserializer)?;
        millis.map(|millis| super::from(millis).ok_or_else(|| D::Error::custom("not a time"))).transpose()
    }
}
