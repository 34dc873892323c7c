//! Moments as the tables hold them.

use time::OffsetDateTime;

/// Milliseconds since 1970.
pub(crate) fn millis(moment: OffsetDateTime) -> i64 {
    // The calendar ends in the year 9999: it fits.
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
