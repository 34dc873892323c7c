//! A proof of identity that an operation asks for and a caller has not given.

use crate::{NeededProof, Problem};

/// 403 with what is missing: who the person is was not proven lately, or not by a second factor.
pub fn step_up_required(needed: NeededProof) -> Problem {
    let detail = if needed.second_factor {
        "Confirm that it is you with a code of your authenticator or a recovery code, and try again."
    } else {
        "Confirm that it is you, and try again."
    };
    Problem::forbidden("step_up_required", detail).needing(needed)
}
