//! How devices call themselves.

use kernel::VisibleLine;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

const LONGEST: usize = 64;

/// For people: others of the account read it.
pub type DeviceName = VisibleLine<LONGEST>;

/// Chosen by the device and kept by it: 1 to 64 letters, digits or `. _ : -`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DeviceId(String);

impl DeviceId {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_allowed = |letter: u8| letter.is_ascii_alphanumeric() || b"._:-".contains(&letter);
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text))
        } else {
            Err(D::Error::custom("must be 1 to 64 letters, digits or . _ : -"))
        }
    }
}

impl utoipa::PartialSchema for DeviceId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            .pattern(Some("^[A-Za-z0-9._:-]{1,64}$"))
            .into()
    }
}

impl utoipa::ToSchema for DeviceId {}

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
        for text in ["", " ", "a\nb", "a\0", "\u{202e}VT", "\u{2800}", "\u{200b}", &"я".repeat(65)] {
            assert!(!name(text), "{text:?}");
        }
    }
}
