//! What an operation says about the proof of identity that it misses.

use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;

/// What proves who the caller is. `GET /v1/auth/mfa` tells what the account has for it, `POST /v1/auth/step-up` takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct NeededProof {
    /// How many seconds ago it may have been given.
    #[schema(minimum = 60, example = 600)]
    max_age: i64,
    /// Whether it takes a code of the authenticator or a recovery code: a password or another provider is not enough.
    pub(crate) second_factor: bool,
}

impl NeededProof {
    /// One that is not older than `age`.
    pub fn within(age: Duration, second_factor: bool) -> Self {
        Self { max_age: age.whole_seconds(), second_factor }
    }
}
