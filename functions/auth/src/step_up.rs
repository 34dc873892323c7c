//! How fresh a proof must be for what is hard to take back.

use cinema_http::Problem;
use time::{Duration, OffsetDateTime};

use crate::store::Proof;

/// For taking the authenticator away and for ending the account.
pub const FRESH: Duration = Duration::minutes(10);

/// 403 `step_up_required` unless the person proved who they are within `age`. The session's row counts, not the token's claim: a step-up in
/// another tab is good for this one, too.
pub fn require(proof: &Proof, now: OffsetDateTime, age: Duration) -> Result<(), Problem> {
    if now - proof.at <= age {
        return Ok(());
    }
    Err(Problem::forbidden("step_up_required", "Confirm your password first."))
}

/// A proof renewed by one more method; what was proven at sign-in stays proven.
pub fn renewed(proof: &Proof, method: &str, now: OffsetDateTime) -> Proof {
    let mut methods = proof.methods.clone();
    if !methods.iter().any(|known| known == method) {
        methods.push(method.to_owned());
    }
    Proof { at: now, methods }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_fresh_for_its_age_and_a_step_up_renews_it() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let proof = Proof { at: now, methods: vec!["pwd".into()] };
        assert!(require(&proof, now + FRESH, FRESH).is_ok());
        let late = now + FRESH + Duration::SECOND;
        assert_eq!(require(&proof, late, FRESH).unwrap_err().code(), "step_up_required");
        let renewed_proof = renewed(&proof, "otp", late);
        assert!(require(&renewed_proof, late, FRESH).is_ok());
        assert_eq!(renewed_proof.methods, ["pwd", "otp"]);
        assert_eq!(renewed(&renewed_proof, "pwd", late).methods, ["pwd", "otp"]);
    }
}
