//! What a client is told when something cannot be done.

use cinema_http::{Problem, StatusCode};

use crate::listing::LimitError;

/// 404: there is none, or this caller may not know of it.
pub fn no_such_title() -> Problem {
    Problem::not_found("title")
}

/// 404: there is none, or it was shown to another profile.
pub fn no_such_impression() -> Problem {
    Problem::not_found("impression")
}

/// 410: it is too long ago.
pub fn expired_impression() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "impression_expired",
        "This page was shown more than a week ago and cannot be explained any more. Load a new one.",
    )
}

/// 404: there is none.
pub fn no_such_version() -> Problem {
    Problem::not_found("version")
}

/// 409: there is no version to go back to.
pub fn nothing_before() -> Problem {
    Problem::conflict("no_previous_version", "No other version was live before. Name the version to publish.")
}

/// 409: it was never good enough.
pub fn not_good_enough(report: &crate::gate::Report) -> Problem {
    Problem::conflict("gate_not_met", "This version did not pass the tests for going live. Publish another one.")
        .with("objections", &report.objections)
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        Self::invalid("limit", error.to_string())
    }
}
