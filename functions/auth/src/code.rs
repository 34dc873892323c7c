//! Six digits that prove who reads a mailbox.

use cinema_http::{Problem, StatusCode};
use kernel::World;
use serde::{Deserialize, Deserializer, de::Error as _};
use time::{Duration, OffsetDateTime};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

use crate::{email::Email, pepper::Hasher};

/// How long a code is good.
pub const LIFETIME: Duration = Duration::hours(1);
/// After this many tries a code is dead.
pub const MAX_TRIES: i32 = 5;

/// A code as it stands in a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A fresh one.
    pub fn new(world: &World) -> Self {
        Self(format!("{:06}", world.below(1_000_000)))
    }

    /// For the mail.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored. A million codes are soon tried without the key.
    pub fn digest(&self, hasher: &Hasher, email: &Email) -> Vec<u8> {
        self.digest_for(hasher, Purpose::FirstAddress, email.as_str())
    }

    /// The same for another purpose: a code is good for one thing and for one address or account only.
    pub fn digest_for(&self, hasher: &Hasher, purpose: Purpose, whose: &str) -> Vec<u8> {
        hasher.tag(purpose.name(), &[whose.as_bytes(), self.0.as_bytes()])
    }
}

/// What a code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Proving the address of a new account; of an address.
    FirstAddress,
    /// A new password; of an address.
    Reset,
    /// Proving a new address; of an account.
    NewAddress,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::FirstAddress => "code",
            Self::Reset => "reset code",
            Self::NewAddress => "new address code",
        }
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(D::Error::custom("not six digits"))
        }
    }
}

impl utoipa::PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{6}$")).examples(["042917"]).into()
    }
}

impl utoipa::ToSchema for Code {}

/// What is known of the code that was sent to an address; `tries` counts the present one.
#[derive(Debug, Clone)]
pub struct Sent {
    /// See [`Code::digest`].
    pub digest: Vec<u8>,
    /// First moment at which it is too late.
    pub expires_at: OffsetDateTime,
    /// Tries so far, this one included.
    pub tries: i32,
    /// When it was used.
    pub used_at: Option<OffsetDateTime>,
}

/// What a try comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The mailbox is proven.
    Right,
    /// It was proven by the same code before.
    Repeated,
    /// The right code, but too late.
    Expired,
    /// Another code, a dead one, or none was sent.
    Wrong,
}

impl Sent {
    /// Judges a try.
    pub fn judge(&self, digest: &[u8], now: OffsetDateTime) -> Verdict {
        // Digests of a secret key: the time of the comparison says nothing about the code.
        if self.digest != digest {
            return Verdict::Wrong;
        }
        match self.used_at {
            Some(_) => Verdict::Repeated,
            None if self.tries > MAX_TRIES => Verdict::Wrong,
            None if self.expires_at <= now => Verdict::Expired,
            None => Verdict::Right,
        }
    }
}

/// 410: the right code, but too late.
pub fn expired() -> Problem {
    Problem::new(StatusCode::GONE, "code_expired", "This code is no longer good. Ask for a new one.")
}

/// 422: another code, a dead one, or none was sent.
pub fn wrong() -> Problem {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem = Problem::new(status, "invalid_code", "This is not the code in the newest mail.");
    problem.at("/code", "not the code in the newest mail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_its_answer() {
        let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, 3);
        let now = world.now();
        let sent = |tries, left: Duration, used: bool| Sent {
            digest: vec![1],
            expires_at: now + left,
            tries,
            used_at: used.then_some(now),
        };
        let second = Duration::SECOND;
        for (sent, digest, verdict) in [
            (sent(1, second, false), 1, Verdict::Right),
            (sent(5, second, false), 1, Verdict::Right),
            (sent(6, second, false), 1, Verdict::Wrong),
            (sent(1, second, false), 2, Verdict::Wrong),
            (sent(1, Duration::ZERO, false), 1, Verdict::Expired),
            (sent(1, Duration::ZERO, false), 2, Verdict::Wrong),
            (sent(9, -second, true), 1, Verdict::Repeated),
            (sent(1, second, true), 2, Verdict::Wrong),
        ] {
            assert_eq!(sent.judge(&[digest], now), verdict, "{sent:?} {digest}");
        }
    }

    #[test]
    fn codes_have_six_digits_and_digests_depend_on_the_address_and_the_purpose() {
        let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, 3);
        let hasher = Hasher::new(&[1; 32]);
        let (a, b): (Email, Email) = ("a@example.com".parse().unwrap(), "b@example.com".parse().unwrap());
        for _ in 0..1000 {
            let code = Code::new(&world);
            assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|byte| byte.is_ascii_digit()));
            assert_ne!(code.digest(&hasher, &a), code.digest(&hasher, &b));
            assert_ne!(code.digest(&hasher, &a), code.digest_for(&hasher, Purpose::Reset, a.as_str()));
        }
        assert!(serde_json::from_str::<Code>("\"12345\"").is_err());
        assert!(serde_json::from_str::<Code>("\"１２３４５６\"").is_err());
        assert!(serde_json::from_str::<Code>("\" 123456 \"").is_ok());
    }
}
