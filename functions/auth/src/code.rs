//! Codes that prove who reads a mailbox: six digits, or ten characters where a right guess would be worth a whole account.

use kernel::World;
use password::Pepper;
use serde::{Deserialize, Deserializer, de::Error as _};
use sqlx::{FromRow, Row, postgres::PgRow};
use time::{Duration, OffsetDateTime};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

use crate::email::Email;

/// How long a code is good.
pub const LIFETIME: Duration = Duration::hours(1);
/// After this many tries a short code is dead.
pub const MAX_TRIES: i32 = 5;
/// Crockford's alphabet: nothing in it looks like something else.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 50 bits.
const CHARACTERS: usize = 10;

/// How hard a code is to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Six digits: a million, so that tries must be counted and few.
    Short,
    /// Ten characters: 2^50, which nobody tries through, so that somebody else's wrong tries need not shut the owner out.
    Long,
}

/// A code as it is compared: digits, or characters in lower case, without separators.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A fresh one.
    pub fn new(world: &World, length: Length) -> Self {
        match length {
            Length::Short => Self(format!("{:06}", world.below(1_000_000))),
            Length::Long => Self(new_characters(world)),
        }
    }

    /// Read as people type it.
    fn parse(text: &str) -> Option<Self> {
        let plain = without_separators(text);
        if is_six_digits(&plain) { Some(Self(plain)) } else { read_characters(&plain).map(Self) }
    }

    /// What it is.
    pub fn length(&self) -> Length {
        if self.0.len() == CHARACTERS { Length::Long } else { Length::Short }
    }

    /// Without separators.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the mail; a long one in two halves.
    pub fn reveal(&self) -> String {
        match self.length() {
            Length::Short => self.0.clone(),
            Length::Long => in_halves(&self.0),
        }
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
        Self::parse(&text).ok_or_else(|| D::Error::custom("not the six digits or ten characters of a mail"))
    }
}

/// A code as people type it: in groups, with blanks or dashes.
pub(crate) fn without_separators(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect()
}

pub(crate) fn is_six_digits(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Ten characters that a person can copy.
pub(crate) fn new_characters(world: &World) -> String {
    let letter = |_| char::from(ALPHABET[world.below(32) as usize]);
    (0..CHARACTERS).map(letter).collect()
}

/// They, however they were written: in capitals, and with what looks like a zero or a one.
pub(crate) fn read_characters(plain: &str) -> Option<String> {
    let plain = plain.to_lowercase().replace('o', "0").replace(['i', 'l'], "1");
    let is_code = plain.len() == CHARACTERS && plain.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then_some(plain)
}

/// For the person.
pub(crate) fn in_halves(characters: &str) -> String {
    let (first, second) = characters.split_at(characters.len() / 2);
    format!("{first}-{second}")
}

impl utoipa::PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(40));
        let description =
            "From the mail: six digits, or ten characters in two halves; separators and capitals do not matter.";
        schema.description(Some(description)).examples(["042917", "4kq2m-8v0xd"]).into()
    }
}

impl utoipa::ToSchema for Code {}

/// What is known of the code that was sent to an address.
#[derive(Debug, Clone)]
pub struct Sent {
    /// See [`Code::digest_for`].
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
    /// Judges a try of a code of this length.
    pub fn judge(&self, (digest, length): (&[u8], Length), now: OffsetDateTime) -> Verdict {
        // Digests of a secret key: the time of the comparison says nothing about the code.
        if self.digest != digest {
            return Verdict::Wrong;
        }
        match self.used_at {
            Some(_) => Verdict::Repeated,
            None if length == Length::Short && self.tries > MAX_TRIES => Verdict::Wrong,
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
            assert_eq!(sent.judge((&[digest], Length::Short), now), verdict, "{sent:?} {digest}");
            // Nobody guesses a long one: other people's tries do not kill it.
            let of_long = if sent.tries == 6 { Verdict::Right } else { verdict };
            assert_eq!(sent.judge((&[digest], Length::Long), now), of_long, "{sent:?} {digest}");
        }
    }

    #[test]
    fn codes_are_what_they_say_and_digests_depend_on_the_address_and_the_purpose() {
        let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, 3);
        let pepper = Pepper::new(&[1; 32]);
        let (a, b): (Email, Email) = ("a@example.com".parse().unwrap(), "b@example.com".parse().unwrap());
        for length in [Length::Short, Length::Long].repeat(500) {
            let code = Code::new(&world, length);
            assert_eq!((code.length(), is_six_digits(code.as_str())), (length, length == Length::Short));
            assert!(Code::parse(&code.reveal()) == Some(code.clone()), "{}", code.reveal());
            assert_ne!(code.digest(&pepper, &a), code.digest(&pepper, &b));
            assert_ne!(code.digest(&pepper, &a), code.digest_for(&pepper, Purpose::Reset, a.as_str()));
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let read = |text: &str| serde_json::from_value::<Code>(text.into()).ok().map(|code| code.as_str().to_owned());
        for typed in [" 123456 ", "123 456", "123-456", "1 2 3 4 5 6"] {
            assert_eq!(read(typed).as_deref(), Some("123456"), "{typed}");
        }
        for typed in ["4kq2m-8v0xd", "4KQ2M 8VOXD", "4kq2m8v0xd", " 4kq2m-8v0xd\n"] {
            assert_eq!(read(typed).as_deref(), Some("4kq2m8v0xd"), "{typed}");
        }
        assert_eq!(read("I0O1L-00000").as_deref(), Some("1001100000"));
        for typed in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            "4kq2m-8v0xu",
            "4kq2m-8v0x",
            "4kq2m-8v0xd1",
            "४kq2m-8v0xd",
        ] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }
}
