//! What a client is told when something cannot be done.

use cinema_http::{Problem, StatusCode};

use crate::{
    experiment::{Experiment, Refusal},
    listing::LimitError,
};

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

/// 404: there is none, or there can be none of that name.
pub fn no_such_experiment() -> Problem {
    Problem::not_found("experiment")
}

/// 409: one at a time.
pub fn another_experiment_runs(running: Option<&Experiment>) -> Problem {
    let problem =
        Problem::conflict("experiment_running", "Another experiment runs. Stop it before you begin this one.");
    running.into_iter().fold(problem, |problem, running| problem.with("running", &running.key))
}

/// 503: others change it all the time.
pub fn too_many_changes() -> Problem {
    Problem::unavailable("temporarily_unavailable", "an experiment is changed by several at once")
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(places) => {
                let mut places = places.into_iter();
                let (pointer, reason) = places.next().unwrap_or_default();
                places.fold(Self::invalid(&pointer, reason), |problem, (pointer, reason)| problem.at(&pointer, reason))
            }
            Refusal::Started => Self::conflict(
                "experiment_started",
                "This experiment has begun: its variants stay as they are. Stop it and begin another one under another key.",
            ),
            Refusal::Stopped => Self::conflict(
                "experiment_stopped",
                "This experiment was stopped and does not run again. Begin another one under another key.",
            ),
        }
    }
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        Self::invalid("limit", error.to_string())
    }
}
