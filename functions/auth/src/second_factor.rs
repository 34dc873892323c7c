//! What proves a person beside the password: a code of the authenticator, or one of ten recovery codes.

use kernel::{AccountId, World};
use password::Pepper;
use ring::digest;
use serde::{Deserialize, Deserializer, de::Error as _};
use time::Duration;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

use crate::{
    code::{in_halves, is_six_digits, new_characters, read_characters, without_separators},
    transport::Transport,
};

/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;

/// What somebody typed in.
#[derive(Clone, PartialEq, Eq)]
pub enum Guess {
    /// Six digits.
    Totp(String),
    /// Ten characters, without the dash and in lower case.
    Recovery(RecoveryCode),
}

impl Guess {
    fn parse(text: &str) -> Option<Self> {
        let plain = without_separators(text);
        if is_six_digits(&plain) {
            return Some(Self::Totp(plain));
        }
        read_characters(&plain).map(|characters| Self::Recovery(RecoveryCode(characters)))
    }
}

impl<'de> Deserialize<'de> for Guess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("neither six digits nor a recovery code"))
    }
}

impl utoipa::PartialSchema for Guess {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(40));
        schema.description(Some("Six digits of the authenticator, or a recovery code.")).examples(["042917"]).into()
    }
}

impl utoipa::ToSchema for Guess {}

/// A code that takes the place of the authenticator, once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A fresh one.
    pub fn new(world: &World) -> Self {
        Self(new_characters(world))
    }

    /// For the person, in two halves.
    pub fn reveal(&self) -> String {
        in_halves(&self.0)
    }

    /// What is stored.
    pub fn digest(&self, pepper: &Pepper, account: AccountId) -> Vec<u8> {
        pepper.tag("recovery code", &[account.to_string().as_bytes(), self.0.as_bytes()])
    }
}

/// How long a sign-in waits for its code.
pub(crate) const PATIENCE: Duration = Duration::minutes(5);
/// A sign-in whose first factor was right.
pub(crate) struct Waiting {
    pub account: AccountId,
    /// How the first factor was proven (RFC 8176).
    pub methods: Vec<String>,
    /// Where the refresh token goes.
    pub transport: Transport,
    /// As the client calls its device.
    pub device_name: Option<String>,
    /// The provider that the first factor came from.
    pub provider: Option<String>,
    /// The person's account there, if it is to be linked once the code was right.
    pub link_subject: Option<String>,
}

/// SHA-256 of an opaque token.
pub fn token_digest(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let recovery = |text: &str| Some(Guess::Recovery(RecoveryCode(text.to_owned())));
        for (text, guess) in [
            ("042917", Some(Guess::Totp("042917".into()))),
            (" 042 917 ", Some(Guess::Totp("042917".into()))),
            ("ABCDE-01fgh", recovery("abcde01fgh")),
            ("abcde oLfgh", recovery("abcde01fgh")),
            ("abcde-01fg", None),
            ("abcdu-01fgh", None),
            ("04291", None),
            ("０４２９１７", None),
            ("", None),
        ] {
            assert!(Guess::parse(text) == guess, "{text}");
        }
    }

    #[test]
    fn recovery_codes_differ_and_their_digests_depend_on_the_account() {
        let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, 5);
        let pepper = Pepper::new(&[1; 32]);
        let (a, b): (AccountId, AccountId) =
            (Id::from_parts(world.now(), [1; 10]), Id::from_parts(world.now(), [2; 10]));
        let codes: Vec<_> = (0..100).map(|_| RecoveryCode::new(&world)).collect();
        for code in &codes {
            assert!(Guess::parse(&code.reveal()) == Some(Guess::Recovery(code.clone())), "{}", code.reveal());
            assert_ne!(code.digest(&pepper, a), code.digest(&pepper, b));
            assert_eq!(codes.iter().filter(|other| *other == code).count(), 1);
        }
    }
}
