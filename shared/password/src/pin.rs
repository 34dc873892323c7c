//! The PIN of a viewer profile.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::ToSchema;

const SHORTEST: usize = 4;
const LONGEST: usize = 8;

/// Four to eight digits.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{4,8}$", example = "4711")]
pub struct Pin(SecretString);

impl Pin {
    pub(crate) fn digits(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::from(String::deserialize(deserializer)?);
        let digits = text.expose_secret();
        if (SHORTEST..=LONGEST).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!("must be {SHORTEST} to {LONGEST} digits")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(text: &str) -> Result<Pin, serde_json::Error> {
        serde_json::from_value(text.into())
    }

    #[test]
    fn only_digits_are_a_pin() {
        for wrong in ["", "123", "123456789", "12a4", "12 4", "١٢٣٤", "1234\0"] {
            assert!(pin(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", pin("0000").unwrap()), "Pin(…)");
    }
}
