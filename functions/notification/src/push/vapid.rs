//! How we tell a push service who we are (RFC 8292): a signature of the key that the browser was given when it subscribed.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use runtime::{FromSecret, Vars};
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// A push service refuses what is longer than a day.
const LIFETIME: Duration = Duration::hours(12);

/// Signs for push services.
pub struct VapidKey(EcdsaKeyPair);

impl FromSecret for VapidKey {
    const SECRET: &'static str = "vapid-key";

    fn from_secret(bytes: &[u8], _: &Vars) -> Result<Self, String> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes, &SystemRandom::new());
        pair.map(Self).map_err(|error| error.to_string())
    }
}

impl VapidKey {
    /// What a page gives to the browser as `applicationServerKey`.
    pub fn public(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.public_key())
    }

    /// The header `Authorization` for an origin; `contact` is an address under which its operator finds us. `None`: nothing could be signed.
    pub fn authorization(&self, origin: &str, contact: &str, now: OffsetDateTime) -> Option<String> {
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "aud": origin, "exp": (now + LIFETIME).unix_timestamp(), "sub": contact });
        let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ES256" })), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("vapid t={signed}.{}, k={}", BASE64_URL_SAFE_NO_PAD.encode(signature), self.public()))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_signature_is_good_for_one_origin_and_half_a_day() {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let key = VapidKey::from_secret(pkcs8.as_ref(), &Vars::default()).unwrap();
        let header =
            key.authorization("https://push.example", "https://cinema.example", OffsetDateTime::UNIX_EPOCH).unwrap();
        let (token, public) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(public));
        public.verify(signed.as_bytes(), &decode(signature)).unwrap();
        let claims: Value = serde_json::from_slice(&decode(signed.split_once('.').unwrap().1)).unwrap();
        assert_eq!(claims, json!({ "aud": "https://push.example", "exp": 43_200, "sub": "https://cinema.example" }));
        assert!(VapidKey::from_secret(&[7; 32], &Vars::default()).is_err());
    }
}
