//! Profile PINs: digested at once, never stored here. Only auth gets the digest.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::World;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error as _};
use stores::{SecretHandle, StoreError};
use tokio::sync::OnceCell;
use utoipa::ToSchema;

const SHORTEST: usize = 4;
const LONGEST: usize = 8;
/// As for passwords; without the pepper a PIN of a few digits would fall in minutes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Four to eight digits.
#[derive(ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{4,8}$", example = "4711")]
pub struct Pin(SecretString);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if (SHORTEST..=LONGEST).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(Self(text.into()));
        }
        Err(D::Error::custom(format!("must be {SHORTEST} to {LONGEST} digits")))
    }
}

/// The secret that every digest takes in: read when first needed and kept.
#[derive(Clone)]
pub struct Pepper {
    secret: SecretHandle,
    bytes: std::sync::Arc<OnceCell<Vec<u8>>>,
}

impl Pepper {
    /// Without I/O.
    pub fn new(secret: SecretHandle) -> Self {
        Self { secret, bytes: std::sync::Arc::default() }
    }

    async fn bytes(&self) -> Result<&[u8], StoreError> {
        let unusable = |detail: String| StoreError { engine: "secretsmanager", detail: format!("pepper: {detail}") };
        let read = || async {
            let value = self.secret.get().await?.ok_or_else(|| unusable("no value".to_owned()))?;
            BASE64_STANDARD.decode(value.expose_secret()).map_err(|error| unusable(error.to_string()))
        };
        self.bytes.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// A PHC string that [`Pin`] can be checked against with the same pepper.
    pub async fn digest(&self, pin: &Pin, world: &World) -> Result<String, StoreError> {
        digest(self.bytes().await?, pin, world.bytes())
    }

    /// Tells equal PINs apart from different ones without giving either away; not for storing as a digest of a PIN alone.
    pub async fn mark(&self, pin: &Pin) -> Result<String, StoreError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.bytes().await?);
        let tag = hmac::sign(&key, format!("profile pin {}", pin.0.expose_secret()).as_bytes());
        Ok(BASE64_STANDARD.encode(tag))
    }
}

fn digest(pepper: &[u8], pin: &Pin, salt: [u8; 16]) -> Result<String, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError { engine: "argon2", detail: error.to_string() };
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(&error))?;
    let argon2 =
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(|error| failed(&error))?;
    let hash =
        argon2.hash_password_with_salt(pin.0.expose_secret().as_bytes(), &salt).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier;

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

    #[test]
    fn a_digest_needs_the_pin_and_the_pepper() {
        let digest = digest(b"pepper-pepper-pepper", &pin("4711").unwrap(), [7; 16]).unwrap();
        assert!(digest.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{digest}");
        let with = |pepper: &'static [u8]| {
            Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, Params::default()).unwrap()
        };
        assert!(with(b"pepper-pepper-pepper").verify_password(b"4711", digest.as_str()).is_ok());
        assert!(with(b"pepper-pepper-pepper").verify_password(b"4712", digest.as_str()).is_err());
        assert!(with(b"another pepper").verify_password(b"4711", digest.as_str()).is_err());
    }
}
