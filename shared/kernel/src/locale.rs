//! Languages and territories as validated text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The text is not of the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct FormError(&'static str);

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $pattern:literal, $example:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
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

        impl FromStr for $name {
            type Err = FormError;
            fn from_str(text: &str) -> Result<Self, FormError> {
                let valid: fn(&[u8]) -> bool = $valid;
                if valid(text.as_bytes()) { Ok(Self(text.to_owned())) } else { Err(FormError($what)) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        crate::sql::as_text!($name);
    };
}

text! {
    /// An ISO 3166-1 alpha-2 territory in capitals.
    Territory, "a territory such as DE", "^[A-Z]{2}$", "DE",
    |text| text.len() == 2 && text.iter().all(u8::is_ascii_uppercase)
}

text! {
    /// A BCP 47 language of two letters, with an optional region: `ru`, `en-GB`.
    Locale, "a language such as en or en-GB", "^[a-z]{2}(-[A-Z]{2})?$", "en",
    |text| match text {
        [a, b] => a.is_ascii_lowercase() && b.is_ascii_lowercase(),
        [a, b, b'-', c, d] => [a, b].iter().all(|l| l.is_ascii_lowercase()) && [c, d].iter().all(|l| l.is_ascii_uppercase()),
        _ => false,
    }
}

impl Territory {
    /// `ZZ`, which ISO 3166-1 assigns to nobody: only a window without territories covers it.
    pub fn unknown() -> Self {
        Self("ZZ".to_owned())
    }
}

impl Locale {
    /// English, what is shown when nothing else fits.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The language without the region.
    pub fn language(&self) -> &str {
        &self.0[..2]
    }
}
