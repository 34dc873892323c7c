//! How and when somebody proved who they are.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// What was proven longer ago than this is not part of a renewed proof.
pub const TOGETHER: Duration = Duration::minutes(10);

/// The second factor (RFC 8176).
const OTP: &str = "otp";

/// How the person proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
    /// By what (RFC 8176).
    pub methods: Vec<String>,
}

impl Proof {
    /// By one method.
    pub fn by(method: &str, at: OffsetDateTime) -> Self {
        Self { at, methods: vec![method.to_owned()] }
    }

    /// The proof with one more method; those that are old by now are dropped. A code counts from when it was entered: no other method carries
    /// it along, or a password every nine minutes would keep a code alive for ever.
    #[must_use]
    pub fn renewed(&self, method: &str, now: OffsetDateTime) -> Self {
        let kept = self.methods.iter().filter(|known| *known != method && *known != OTP && now - self.at <= TOGETHER);
        Self { at: now, methods: kept.cloned().chain([method.to_owned()]).collect() }
    }

    /// Whether it is what `proof: 10m+otp` asks for, of an account with or without an authenticator.
    pub fn is_fresh(&self, now: OffsetDateTime, has_authenticator: bool) -> bool {
        let used_otp = self.methods.iter().any(|method| method == OTP);
        now - self.at <= TOGETHER && (used_otp || !has_authenticator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_proof_keeps_what_was_proven_just_before_and_nothing_older() {
        let proof = Proof::by("pwd", OffsetDateTime::UNIX_EPOCH);
        let soon = proof.at + TOGETHER;
        let both = proof.renewed("otp", soon);
        assert_eq!((both.at, both.methods.clone()), (soon, vec!["pwd".to_owned(), "otp".to_owned()]));
        assert_eq!(both.renewed("otp", soon + TOGETHER).methods, ["pwd", "otp"]);
        assert_eq!(both.renewed("otp", soon + TOGETHER + Duration::SECOND).methods, ["otp"]);
    }

    /// Random renewals: what needs a code is allowed only within ten minutes of one.
    #[test]
    fn no_sequence_of_other_methods_keeps_a_code_alive() {
        use proptest::prelude::*;
        let steps = proptest::collection::vec((0i64..900, 0usize..3), 1..20);
        proptest!(|(steps in steps)| {
            let mut now = OffsetDateTime::UNIX_EPOCH;
            let mut proof = Proof::by("pwd", now);
            let mut coded: Option<OffsetDateTime> = None;
            for (seconds, method) in steps {
                now += Duration::seconds(seconds);
                let is_allowed = proof.is_fresh(now, true);
                prop_assert!(!is_allowed || coded.is_some_and(|at| now - at <= TOGETHER));
                proof = proof.renewed(["pwd", "fed", OTP][method], now);
                if method == 2 {
                    coded = Some(now);
                }
            }
        });
    }

    #[test]
    fn a_proof_is_fresh_for_ten_minutes_and_contains_the_authenticator_where_there_is_one() {
        let proof = |methods: &[&str]| Proof {
            at: OffsetDateTime::UNIX_EPOCH,
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        };
        for (methods, age, has_authenticator, is_fresh) in [
            (&["pwd"][..], TOGETHER, false, true),
            (&["pwd"], TOGETHER + Duration::SECOND, false, false),
            (&["pwd"], Duration::ZERO, true, false),
            (&["fed"], Duration::ZERO, true, false),
            (&["pwd", "otp"], TOGETHER, true, true),
            (&["otp"], TOGETHER + Duration::SECOND, true, false),
        ] {
            let now = OffsetDateTime::UNIX_EPOCH + age;
            assert_eq!(proof(methods).is_fresh(now, has_authenticator), is_fresh, "{methods:?} {age}");
        }
    }
}
