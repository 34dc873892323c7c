//! What a provider says of a person, and whether it can be believed.

use cinema_http::token::install_ring;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use time::{Duration, OffsetDateTime};

use crate::email::Email;

/// Clocks may differ by this much.
const LEEWAY: Duration = Duration::seconds(60);

/// A person who comes from a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's id of the person.
    pub subject: String,
    /// The address, if the provider has proven it.
    pub email: Option<Email>,
    /// When the provider last asked who it is, not later than now; `None` where it does not say. A provider that signs somebody in by a
    /// session of its own is silent unless it was asked (`max_age`).
    pub auth_time: Option<OffsetDateTime>,
}

impl Identity {
    /// When who it is was proven: a provider's silence is no proof, and counts as long ago.
    pub fn proven_at(&self) -> OffsetDateTime {
        self.auth_time.unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// When the provider asked who it is, if it did so since `start`.
    pub fn proven_since(&self, start: OffsetDateTime) -> Option<OffsetDateTime> {
        self.auth_time.filter(|at| *at + LEEWAY >= start)
    }
}

/// Claims of an ID token, or of the page that tells the rest.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    sub: String,
    #[serde(default)]
    aud: Audience,
    azp: Option<String>,
    #[serde(default)]
    exp: i64,
    #[serde(default)]
    iat: i64,
    nonce: Option<String>,
    auth_time: Option<i64>,
    email: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    email_verified: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Audience {
    #[default]
    Nobody,
    Many(Vec<String>),
    One(IgnoredAny),
}

/// Some providers write it as text.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value == serde_json::Value::Bool(true) || value == "true")
}

/// Whom a token must come from, and for whom and what it must be.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: OffsetDateTime,
}

/// Checks signature and claims (OpenID Connect Core, 3.1.3.7); the error is for the log.
pub(super) fn verify(
    token: &str,
    (algorithm, key): (Algorithm, &DecodingKey),
    expected: &Expected<'_>,
) -> Result<Said, String> {
    install_ring();
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Checked below against our own clock.
    validation.validate_exp = false;
    let said = jsonwebtoken::decode::<Said>(token, key, &validation).map_err(|error| error.to_string())?.claims;
    let (now, leeway) = (expected.now.unix_timestamp(), LEEWAY.whole_seconds());
    if said.exp.saturating_add(leeway) <= now || said.iat.saturating_sub(leeway) > now {
        return Err("expired, or issued in the future".to_owned());
    }
    if said.nonce.as_deref() != Some(expected.nonce) {
        return Err("another nonce".to_owned());
    }
    let is_for_many = matches!(&said.aud, Audience::Many(audience) if audience.len() > 1);
    if is_for_many && said.azp.is_none() || said.azp.as_deref().is_some_and(|party| party != expected.client_id) {
        return Err("given to somebody else".to_owned());
    }
    Ok(said)
}

impl Said {
    pub(super) fn has_email(&self) -> bool {
        self.email.is_some()
    }

    /// Takes the address over from the page that tells the rest, if that is about the same person.
    pub(super) fn complete(self, rest: Self) -> Self {
        if rest.sub != self.sub {
            return self;
        }
        Self { email: rest.email, email_verified: rest.email_verified, ..self }
    }

    pub(super) fn identity(self, now: OffsetDateTime) -> Identity {
        // An address that cannot be one of an account here proves nothing either: one that looks alike is another one.
        let email = self.email.filter(|_| self.email_verified).and_then(|text| text.parse().ok());
        let auth_time = self.auth_time.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        // What is still to come was not seen by anybody.
        let auth_time = auth_time.filter(|at| *at <= now + LEEWAY).map(|at| at.min(now));
        Identity { subject: self.sub, email, auth_time }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use kernel::World;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::{Value, json};

    use super::*;

    struct Issuer(EcdsaKeyPair);

    impl Issuer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap())
        }

        fn key(&self) -> DecodingKey {
            let point = self.0.public_key().as_ref();
            let coordinate = |range| BASE64_URL_SAFE_NO_PAD.encode(&point[range]);
            DecodingKey::from_ec_components(&coordinate(1..33), &coordinate(33..65)).unwrap()
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            let message = format!("{}.{}", part(header), part(claims));
            let signed = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signed))
        }
    }

    fn claims(now: i64) -> Value {
        json!({
            "iss": "https://issuer.example", "aud": "cinema", "sub": "1", "nonce": "n", "iat": now, "exp": now + 60,
            "email": "Vera@example.com", "email_verified": true,
        })
    }

    #[test]
    fn only_a_token_for_us_and_for_this_sign_in_is_believed() {
        let (issuer, now) = (Issuer::new(), World::system().now());
        let expected = Expected { issuer: "https://issuer.example", client_id: "cinema", nonce: "n", now };
        let check = |header: Value, change: (&str, Value)| {
            let mut claims = claims(now.unix_timestamp());
            claims[change.0] = change.1;
            verify(&issuer.sign(&header, &claims), (Algorithm::ES256, &issuer.key()), &expected)
        };
        let es256 = || json!({ "alg": "ES256" });
        let identity = check(es256(), ("later", json!(1))).unwrap().identity(now);
        assert_eq!(identity.email.map(|email| email.as_str().to_owned()).as_deref(), Some("vera@example.com"));
        assert!(check(es256(), ("aud", json!(["cinema", "other"]))).is_err());
        assert!(check(es256(), ("aud", json!(["cinema"]))).is_ok());
        assert!(check(es256(), ("azp", json!("cinema"))).is_ok());
        let long_ago = now.unix_timestamp() - 3600;
        for wrong in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("other")),
            ("azp", json!("other")),
            ("nonce", json!("m")),
            ("nonce", Value::Null),
            ("exp", json!(long_ago)),
            ("iat", json!(now.unix_timestamp() + 3600)),
            ("sub", Value::Null),
        ] {
            assert!(check(es256(), wrong.clone()).is_err(), "{wrong:?}");
        }
        for algorithm in ["none", "HS256", "RS256"] {
            assert!(check(json!({ "alg": algorithm }), ("later", json!(1))).is_err(), "{algorithm}");
        }
        let foreign = Issuer::new().sign(&es256(), &claims(now.unix_timestamp()));
        assert!(verify(&foreign, (Algorithm::ES256, &issuer.key()), &expected).is_err());
    }

    #[test]
    fn an_address_counts_only_when_the_provider_has_proven_it_and_it_can_be_one_here() {
        let email = |email: Value, verified: Value| {
            let said: Said =
                serde_json::from_value(json!({ "sub": "1", "email": email, "email_verified": verified })).unwrap();
            said.identity(OffsetDateTime::UNIX_EPOCH).email.is_some()
        };
        assert!(email(json!("a@example.com"), json!(true)));
        assert!(email(json!("a@example.com"), json!("true")));
        for (address, verified) in [
            (json!("a@example.com"), json!(false)),
            (json!("a@example.com"), Value::Null),
            (json!("а@example.com"), json!(true)),
            (json!("no address"), json!(true)),
            (Value::Null, json!(true)),
        ] {
            assert!(!email(address.clone(), verified), "{address}");
        }
    }

    #[test]
    fn the_rest_counts_only_when_it_is_about_the_same_person() {
        let said = |sub: &str, email: Option<&str>| -> Said {
            serde_json::from_value(json!({ "sub": sub, "email": email, "email_verified": true })).unwrap()
        };
        let email = |said: Said| said.identity(OffsetDateTime::UNIX_EPOCH).email;
        assert!(email(said("1", None).complete(said("1", Some("a@example.com")))).is_some());
        assert!(email(said("1", None).complete(said("2", Some("a@example.com")))).is_none());
    }

    #[test]
    fn only_the_id_token_says_when_and_silence_is_long_ago() {
        let now = World::system().now().replace_nanosecond(0).unwrap();
        let said = |auth_time: Value| -> Said {
            serde_json::from_value(json!({ "sub": "1", "auth_time": auth_time })).unwrap()
        };
        let identity = |auth_time: Value| said(auth_time).identity(now);
        let at = |seconds_from_now: i64| json!(now.unix_timestamp() + seconds_from_now);
        for (auth_time, proven_at) in [
            (Value::Null, OffsetDateTime::UNIX_EPOCH),
            (at(-3600), now - Duration::HOUR),
            (at(0), now),
            (at(60), now),
            (at(61), OffsetDateTime::UNIX_EPOCH),
            // Milliseconds.
            (json!(now.unix_timestamp() * 1000), OffsetDateTime::UNIX_EPOCH),
            (json!(i64::MAX), OffsetDateTime::UNIX_EPOCH),
            (json!(i64::MIN), OffsetDateTime::UNIX_EPOCH),
        ] {
            assert_eq!(identity(auth_time.clone()).proven_at(), proven_at, "{auth_time}");
        }
        for (auth_time, is_proven) in
            [(Value::Null, false), (at(-61), false), (at(-60), true), (at(0), true), (at(61), false)]
        {
            assert_eq!(identity(auth_time.clone()).proven_since(now).is_some(), is_proven, "{auth_time}");
        }
        let completed = said(Value::Null).complete(said(at(0)));
        assert_eq!(completed.identity(now).auth_time, None);
    }
}
