//! Values in the words of SQL.

use crate::hour::Hour;

/// The first moment of an hour.
pub fn hour(hour: Hour) -> String {
    format!("toDateTime({}, 'UTC')", hour.seconds())
}

/// A moment in milliseconds since 1970.
pub fn moment(millis: i64) -> String {
    format!("fromUnixTimestamp64Milli(toInt64({millis}), 'UTC')")
}
