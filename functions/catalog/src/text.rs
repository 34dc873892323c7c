//! Text that came from outside: trimmed, bounded and free of control characters before anything else sees it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::openapi::schema::{ObjectBuilder, Type};

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:literal, $what:literal, $valid:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The longest one, in characters.
            pub const MAX: usize = $max;

            /// The text, if it is valid after trimming.
            pub fn new(text: &str) -> Option<Self> {
                let valid: fn(char) -> bool = $valid;
                let text = text.trim();
                let fits = ($min..=$max).contains(&text.chars().count()) && text.chars().all(valid);
                fits.then(|| Self(text.to_owned()))
            }

            /// Whatever of the text is valid.
            pub fn lossy(text: &str) -> Option<Self> {
                let valid: fn(char) -> bool = $valid;
                let kept: String = text.trim().chars().filter(|letter| valid(*letter)).take($max).collect();
                Self::new(&kept)
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).ok_or_else(|| D::Error::custom(concat!("must be ", $what)))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some($min))
                    .max_length(Some($max))
                    .description(Some($what))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

text! {
    /// The name of a title, person or character.
    Name: 1 to 200, "1 to 200 characters in one line", |letter| !letter.is_control();
    /// What a title is about.
    Synopsis: 0 to 5000, "at most 5000 characters without control characters", |letter| letter == '\n' || !letter.is_control();
    /// What somebody did for a title: director, writer, actor, composer…
    Role: 1 to 40, "1 to 40 lower-case letters, digits or underscores",
        |letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    /// A name in an address: `big-buck-bunny`.
    Slug: 1 to 100, "1 to 100 lower-case letters, digits or hyphens",
        |letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    /// What somebody else calls a title: `603`, `tt0133093`.
    ExternalId: 1 to 40, "1 to 40 letters, digits, hyphens or underscores",
        |letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
}

/// The year in which a title first appeared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Year(pub i16);

impl Year {
    const FIRST: i16 = 1870;
    const LAST: i16 = 2100;
}

impl<'de> Deserialize<'de> for Year {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i16::deserialize(deserializer) {
            Ok(year @ Self::FIRST..=Self::LAST) => Ok(Self(year)),
            _ => Err(D::Error::custom("must be a year from 1870 to 2100")),
        }
    }
}

impl utoipa::PartialSchema for Year {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer);
        schema.minimum(Some(Self::FIRST)).maximum(Some(Self::LAST)).into()
    }
}

impl utoipa::ToSchema for Year {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_text_is_refused_and_can_be_cleaned() {
        assert!(serde_json::from_str::<Name>(r#""a\u0000b""#).is_err());
        assert!(serde_json::from_str::<Name>(r#""  ""#).is_err());
        assert!(serde_json::from_str::<Slug>(r#""../etc""#).is_err());
        assert!(serde_json::from_str::<Year>("1").is_err());
        assert!(Name::new(&"x".repeat(201)).is_none());
        assert_eq!(Name::lossy(" a\0b\n ").unwrap().as_str(), "ab");
        assert_eq!(Synopsis::new("one\ntwo").unwrap().as_str(), "one\ntwo");
    }

    proptest! {
        #[test]
        fn what_was_cleaned_is_valid(text in any::<String>()) {
            if let Some(name) = Name::lossy(&text) {
                prop_assert_eq!(Name::new(name.as_str()), Some(name));
            }
        }
    }
}
