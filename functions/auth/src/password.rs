//! Which passwords may be chosen. Length counts most; character classes are not asked for (NIST SP 800-63B).

use std::collections::BTreeSet;

use cinema_http::{Problem, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};

use crate::email::Email;

const MIN_CHARACTERS: usize = 10;
const MAX_CHARACTERS: usize = 128;
/// Fewer different characters than this is a pattern.
const MIN_DISTINCT: usize = 4;
/// A shorter name in front of the `@` is part of too many words.
const MIN_NAME: usize = 4;

/// What every list of leaked passwords begins with, as far as it is long enough to be chosen here.
const COMMON: &[&str] = &[
    "0123456789",
    "0987654321",
    "1122334455",
    "1234567890",
    "12345678910",
    "123456789a",
    "1234567891",
    "123456789q",
    "1234qwerasdf",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "987654321a",
    "9876543210",
    "abc1234567",
    "abcd123456",
    "abcdefghij",
    "adminadmin",
    "administrator",
    "asdfghjkl1",
    "asdfghjkl;",
    "changeme123",
    "dragon1234",
    "football123",
    "iloveyou123",
    "iloveyou12",
    "letmein123",
    "letmeinnow",
    "liverpool1",
    "manchester",
    "michael123",
    "monkey1234",
    "p@ssw0rd123",
    "passw0rd123",
    "password00",
    "password01",
    "password1!",
    "password12",
    "password123",
    "password1234",
    "password123!",
    "passwordpassword",
    "princess123",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwerty123!",
    "qwertyqwerty",
    "qwertyuiop",
    "qwertyuiop1",
    "starwars123",
    "sunshine123",
    "superman123",
    "welcome123",
    "welcome1234",
    "zxcvbnm123",
    "йцукенгшщз",
    "пароль1234",
    "пароль12345",
];

/// A password on its way to the hash; never printed.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// The bytes that are hashed.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// 422 `weak_password` at `pointer` unless it may be chosen for an account with this address.
    ///
    /// # Errors
    /// Says what to change.
    pub fn check(&self, email: &Email, pointer: &str) -> Result<(), Problem> {
        weakness(self.0.expose_secret(), email).map_or(Ok(()), |reason| {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "weak_password", reason);
            Err(problem.at(pointer, reason))
        })
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(SecretString::from(text))
    }
}

fn weakness(password: &str, email: &Email) -> Option<&'static str> {
    let characters = password.chars().count();
    if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&characters) {
        return Some("Use 10 to 128 characters.");
    }
    let lower = password.to_lowercase();
    if COMMON.contains(&lower.as_str()) || lower.chars().collect::<BTreeSet<_>>().len() < MIN_DISTINCT {
        return Some("This password is among the first that are tried. Choose another.");
    }
    let name = email.local();
    if lower.contains(email.as_str()) || name.len() >= MIN_NAME && lower.contains(name) {
        return Some("The password must not contain your address.");
    }
    None
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(SecretString::from(String::deserialize(deserializer)?)))
    }
}

impl utoipa::PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)));
        schema.description(Some("A new password has 10 to 128 characters.")).into()
    }
}

impl utoipa::ToSchema for Password {}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> bool {
        Password::from(password).check(&"alice@example.com".parse().unwrap(), "/password").is_err()
    }

    #[test]
    fn short_long_common_and_personal_passwords_are_refused() {
        for weak in [
            "short",
            "ninechars",
            "Password123",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "abababababab",
            "xx-Alice-2026",
            "my alice@example.com",
            "пароль12345",
            &"x9".repeat(65),
        ] {
            assert!(refused(weak), "{weak}");
        }
    }

    #[test]
    fn length_counts_in_characters_and_anything_else_is_allowed() {
        for strong in
            ["correct horse battery", "длинный пароль", "tr0ub4dor&3x", "   spaces are fine   ", &"abcd".repeat(32)]
        {
            assert!(!refused(strong), "{strong}");
        }
        assert!(!format!("{:?}", Password::from("correct horse battery")).contains("horse"));
    }
}
