//! What the service refuses, as its clients hear it.

use cinema_http::{HeaderValue, Problem, StatusCode, header};

use crate::store::{imports::BeginError, lists::ListError};

/// 404: auth knows the account already, its event has not arrived yet.
pub(crate) fn account_not_ready() -> Problem {
    let detail = "There is no such account yet. If it is new, it is being set up: try again in a second.";
    Problem::new(StatusCode::NOT_FOUND, "account_not_ready", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// 404: the account has no such profile, or not any more.
pub(crate) fn no_such_profile() -> Problem {
    Problem::not_found("profile")
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NoProfile => no_such_profile(),
            ListError::NoTitle => Self::not_found("title"),
            ListError::Sql(error) => error.into(),
        }
    }
}

/// 409: there is nothing to confirm.
pub(crate) fn import_not_ready() -> Problem {
    let detail =
        "The file has not been read, or cannot be. Look at the import; if its file was refused, begin another one.";
    Problem::conflict("import_not_ready", detail)
}

impl From<BeginError> for Problem {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::NoProfile => no_such_profile(),
            BeginError::Running(id) => {
                let detail = "Another import of this profile is not done. Confirm or delete it first.";
                Self::conflict("import_running", detail).with("import_id", id)
            }
            BeginError::TooMany => {
                let detail = "This profile has confirmed 20 imports. Undo one of them first.";
                Self::conflict("too_many_imports", detail)
            }
            BeginError::Sql(error) => error.into(),
        }
    }
}
