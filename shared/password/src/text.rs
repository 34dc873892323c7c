//! A password as people type it.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};

/// A password on its way to the hash, as an OpaqueString (RFC 8265): one keyboard sends й as one character and another as two. Never printed.
#[derive(Clone, Debug)]
pub struct Password {
    prepared: SecretString,
    /// What was typed, where it differs: older hashes were made of it.
    typed: Option<SecretString>,
}

impl Password {
    /// The text that is checked, hashed and compared.
    pub fn as_str(&self) -> &str {
        self.prepared.expose_secret()
    }

    /// What older hashes may have been made of, where it differs.
    pub(crate) fn typed(&self) -> Option<&str> {
        self.typed.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl From<&str> for Password {
    fn from(typed: &str) -> Self {
        let prepared: String = typed.chars().map(plain_space).nfc().collect();
        let typed = (prepared != typed).then(|| SecretString::from(typed));
        Self { prepared: prepared.into(), typed }
    }
}

/// The characters of the Unicode category Zs become the ASCII space.
fn plain_space(character: char) -> char {
    match character {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(SecretString::from(String::deserialize(deserializer)?).expose_secret()))
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

    #[test]
    fn spellings_of_one_text_are_one_password() {
        for (one, other) in [
            ("мой пароль", "мои\u{306} пароль"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("a b", "a\u{a0}b"),
            ("a b", "a\u{3000}b"),
        ] {
            assert_eq!(Password::from(one).as_str(), Password::from(other).as_str());
            assert_eq!((Password::from(one).typed(), Password::from(other).typed()), (None, Some(other)));
        }
    }

    #[test]
    fn nothing_else_is_changed_and_nothing_is_printed() {
        for text in ["", " Straße ", "ａ", "A", "ﬁ"] {
            assert_eq!(Password::from(text).as_str(), text);
        }
        assert!(!format!("{:?}", Password::from("correct\u{a0}horse battery")).contains("horse"));
    }
}
