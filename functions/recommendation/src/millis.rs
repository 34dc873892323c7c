//! Times as numbers of milliseconds since 1970: what DynamoDB can compare.

use time::OffsetDateTime;

/// Milliseconds since 1970.
pub fn of(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The time; what is no time is 1970.
pub fn time(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
