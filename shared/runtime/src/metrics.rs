//! Figures for CloudWatch, as lines of the log in its embedded metric format: CloudWatch reads them there, so that no call is made.

use std::io::Write as _;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// All of them lie in one namespace.
const NAMESPACE: &str = "Cinema";

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Time.
    Seconds,
}

impl Unit {
    /// As CloudWatch calls it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Seconds => "Seconds",
        }
    }
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Its name, in CamelCase.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// How much it is.
    pub value: f64,
}

/// Writes figures of this moment on standard output.
///
/// # Errors
/// When nobody reads it.
pub fn put_metrics(figures: &[Figure], now: OffsetDateTime) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{}", line(figures, now))
}

fn line(figures: &[Figure], now: OffsetDateTime) -> Value {
    let metrics: Vec<Value> =
        figures.iter().map(|figure| json!({ "Name": figure.name, "Unit": figure.unit.as_str() })).collect();
    let mut line: Map<String, Value> =
        figures.iter().map(|figure| (figure.name.to_owned(), figure.value.into())).collect();
    let about = json!({
        "Timestamp": i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics }],
    });
    line.insert("_aws".to_owned(), about);
    line.into()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_reads() {
        let figures = [
            Figure { name: "LiveStreams", unit: Unit::Count, value: 3.0 },
            Figure { name: "Lag", unit: Unit::Seconds, value: 0.5 },
        ];
        let expected = json!({
            "_aws": {
                "Timestamp": 1_767_268_800_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Cinema",
                    "Dimensions": [[]],
                    "Metrics": [{ "Name": "LiveStreams", "Unit": "Count" }, { "Name": "Lag", "Unit": "Seconds" }],
                }],
            },
            "LiveStreams": 3.0,
            "Lag": 0.5,
        });
        assert_eq!(line(&figures, datetime!(2026-01-01 12:00 UTC)), expected);
    }
}
