//! What the service refuses, as its clients hear it.

use cinema_http::Problem;

use crate::{
    preferences::Preferences,
    wording::{Fault, WordingError},
};

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

/// 404: no mail has that name, or it always has the words of its writer.
pub(crate) fn no_such_template() -> Problem {
    Problem::not_found("template")
}

/// 422 with everything that is wrong with a wording, if anything is.
pub(crate) fn faulty_wording(faults: Vec<(&'static str, Fault)>) -> Result<(), Problem> {
    invalid(faults.into_iter().map(|(pointer, fault)| (pointer.to_owned(), fault.to_string())))
}

/// 422 with every value that does not fit its mail, if there is one.
pub(crate) fn misfitting_values(misfits: Vec<(String, &'static str)>) -> Result<(), Problem> {
    invalid(misfits.into_iter().map(|(pointer, reason)| (pointer, reason.to_owned())))
}

/// 404: there is none.
pub(crate) fn no_such_campaign() -> Problem {
    Problem::not_found("campaign")
}

/// 422 with every violation, if there is one: where, and why.
pub(crate) fn invalid(violations: impl IntoIterator<Item = (String, String)>) -> Result<(), Problem> {
    let add = |problem: Option<Problem>, (pointer, reason): (String, String)| {
        Some(match problem {
            Some(problem) => problem.at(&pointer, reason),
            None => Problem::invalid(&pointer, reason),
        })
    };
    violations.into_iter().fold(None, add).map_or(Ok(()), Err)
}

/// 422: with these values the words make no mail.
pub(crate) fn unreadable_wording(error: WordingError) -> Problem {
    let pointer = match error {
        WordingError::Subject => "/subject",
        WordingError::Engine(_) | WordingError::Body | WordingError::Secret => "/body",
    };
    Problem::invalid(pointer, "makes nothing that can be read with these values")
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
