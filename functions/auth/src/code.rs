//! Six digits that prove who reads a mailbox.

use kernel::World;
use password::Pepper;
use serde::{Deserialize, Deserializer, de::Error as _};
use sqlx::{FromRow, Row, postgres::PgRow};
use time::{Duration, OffsetDateTime};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

use crate::email::Email;

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
    pub fn digest(&self, pepper: &Pepper, email: &Email) -> Vec<u8> {
        self.digest_for(pepper, Purpose::FirstAddress, email.as_str())
    }

    /// The same for another purpose: a code is good for one thing and for one address or account only.
    pub fn digest_for(&self, pepper: &Pepper, purpose: Purpose, whose: &str) -> Vec<u8> {
        pepper.tag(purpose.name(), &[whose.as_bytes(), self.0.as_bytes()])
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
        let digits = without_separators(&text);
        if is_six_digits(&digits) { Ok(Self(digits)) } else { Err(D::Error::custom("not six digits")) }
    }
}

/// A code as people type it: in groups, with blanks or dashes.
pub(crate) fn without_separators(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect()
}

pub(crate) fn is_six_digits(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
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

/// From the columns digest, expires_at, tries and used_at.
impl FromRow<'_, PgRow> for Sent {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            digest: row.try_get(0)?,
            expires_at: row.try_get(1)?,
            tries: row.try_get(2)?,
            used_at: row.try_get(3)?,
        })
    }
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
        let pepper = Pepper::new(&[1; 32]);
        let (a, b): (Email, Email) = ("a@example.com".parse().unwrap(), "b@example.com".parse().unwrap());
        for _ in 0..1000 {
            let code = Code::new(&world);
            assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|byte| byte.is_ascii_digit()));
            assert_ne!(code.digest(&pepper, &a), code.digest(&pepper, &b));
            assert_ne!(code.digest(&pepper, &a), code.digest_for(&pepper, Purpose::Reset, a.as_str()));
        }
        assert!(serde_json::from_str::<Code>("\"12345\"").is_err());
        assert!(serde_json::from_str::<Code>("\"１２３４５６\"").is_err());
        for typed in ["\" 123456 \"", "\"123 456\"", "\"123-456\""] {
            assert_eq!(serde_json::from_str::<Code>(typed).unwrap().as_str(), "123456");
        }
    }
}
