//! What the service refuses, as its clients hear it.

use cinema_http::Problem;

use crate::preferences::Preferences;

/// 404: erased, while its token lives for some minutes more.
pub(crate) fn no_such_account() -> Problem {
    Problem::not_found("account")
}

/// 404: there is none, or it is another account's.
pub(crate) fn no_such_notification() -> Problem {
    Problem::not_found("notification")
}

/// 404: the link was not made here.
pub(crate) fn no_such_link() -> Problem {
    Problem::not_found("link")
}

/// 400: whoever reports does not know the secret.
pub(crate) fn forged_report() -> Problem {
    Problem::bad_request("invalid_signature", "The report is not signed with the key of this service.")
}

/// 422 with every workflow whose mails cannot be switched off, if there is one.
pub(crate) fn obligatory_mails(preferences: &Preferences) -> Option<Problem> {
    let detail = "cannot be switched off";
    preferences.forbidden().fold(None, |problem: Option<Problem>, workflow| {
        let pointer = format!("/workflows/{workflow}/email");
        Some(match problem {
            Some(problem) => problem.at(&pointer, detail),
            None => Problem::invalid(&pointer, detail),
        })
    })
}
