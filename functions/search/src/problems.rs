//! What the service refuses, as its clients hear it.

use cinema_http::Problem;

/// 409: there is nothing to roll back to.
pub(crate) fn no_previous_index() -> Problem {
    Problem::conflict("no_previous_index", "There is no index from before. Build one anew instead.")
}
