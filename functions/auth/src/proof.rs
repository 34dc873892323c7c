//! How and when somebody proved who they are.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// What was proven longer ago than this is not part of a renewed proof: a password alone does not refresh a code of last week.
pub const TOGETHER: Duration = Duration::minutes(10);

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

    /// The proof with one more method; those that are old by now are dropped.
    #[must_use]
    pub fn renewed(&self, method: &str, now: OffsetDateTime) -> Self {
        let mut methods = if now - self.at <= TOGETHER { self.methods.clone() } else { Vec::new() };
        if !methods.iter().any(|known| known == method) {
            methods.push(method.to_owned());
        }
        Self { at: now, methods }
    }

    /// Whether it is what `proof: 10m+otp` asks for, of an account with or without an authenticator.
    pub fn is_fresh(&self, now: OffsetDateTime, has_authenticator: bool) -> bool {
        let used_otp = self.methods.iter().any(|method| method == "otp");
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
        assert_eq!(both.renewed("pwd", soon + TOGETHER).methods, ["pwd", "otp"]);
        assert_eq!(both.renewed("pwd", soon + TOGETHER + Duration::SECOND).methods, ["pwd"]);
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
