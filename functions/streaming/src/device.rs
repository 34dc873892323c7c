//! How devices call themselves, as validated text.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

const LONGEST: usize = 64;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $pattern:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let valid: fn(char) -> bool = $valid;
                if (1..=LONGEST).contains(&text.chars().count()) && text.chars().all(valid) {
                    Ok(Self(text))
                } else {
                    Err(D::Error::custom($what))
                }
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some(1))
                    .max_length(Some(LONGEST))
                    .pattern(Some($pattern))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

text! {
    /// Chosen by the device and kept by it.
    DeviceId, "must be 1 to 64 letters, digits or . _ : -", "^[A-Za-z0-9._:-]{1,64}$",
    |letter| letter.is_ascii_alphanumeric() || "._:-".contains(letter)
}

text! {
    /// For a person.
    DeviceName, "must be 1 to 64 printable characters", "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,64}$",
    |letter| !letter.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_and_harmless_texts_are_devices() {
        let id = |text: &str| serde_json::from_value::<DeviceId>(text.into()).is_ok();
        assert!(id("tv-1") && id(&"a".repeat(64)));
        for text in ["", "a b", "ä", "a\0", "a#b", &"a".repeat(65)] {
            assert!(!id(text), "{text}");
        }
        let name = |text: &str| serde_json::from_value::<DeviceName>(text.into()).is_ok();
        assert!(name("Wohnzimmer 📺") && name(&"я".repeat(64)));
        assert!(!name("") && !name("a\nb") && !name("a\0") && !name(&"я".repeat(65)));
    }
}
