//! A proof of identity that an operation asks for and a caller has not given.

use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;

use crate::Problem;

/// What proves who the caller is. `GET /v1/auth/mfa` tells what the account has for it, `POST /v1/auth/step-up` takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct NeededProof {
    /// How many seconds ago it may have been given.
    #[schema(minimum = 60, example = 600)]
    max_age: i64,
    /// Whether it takes a code of the authenticator or a recovery code: a password or another provider is not enough.
    second_factor: bool,
}

impl NeededProof {
    /// One that is not older than `age`.
    pub fn within(age: Duration, second_factor: bool) -> Self {
        Self { max_age: age.whole_seconds(), second_factor }
    }
}

/// 403 with what is missing: who the person is was not proven lately, or not by a second factor.
pub fn step_up_required(needed: NeededProof) -> Problem {
    let detail = if needed.second_factor {
        "Confirm that it is you with a code of your authenticator or a recovery code, and try again."
    } else {
        "Confirm that it is you, and try again."
    };
    Problem::forbidden("step_up_required", detail).needing(needed)
}
