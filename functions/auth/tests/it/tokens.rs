//! Access tokens that are almost right, against the key set that auth itself publishes.

use auth::keyring::KeyRing;
use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stores::SecretHandle;

use crate::stage::{SignedIn, Stage};

/// A stage, somebody with a good token, and the keys of the service.
struct Forge {
    stage: Stage,
    someone: SignedIn,
    ring: Value,
}

impl Forge {
    async fn open() -> Self {
        let stage = Stage::start().await;
        let someone = stage.signed_in().await;
        let secret = SecretHandle::new(stage.service.aws(), stage.service.var("SECRET_SIGNING_KEYS")).get().await;
        let ring = KeyRing::parse(secret.unwrap().unwrap().expose_secret()).unwrap();
        Self { stage, someone, ring: serde_json::to_value(ring).unwrap() }
    }

    fn claims(&self) -> Value {
        self.someone.claims.clone()
    }

    fn with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }

    fn kid(&self, which: &str) -> String {
        self.ring[which]["kid"].as_str().unwrap().to_owned()
    }

    fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": "ES256", "kid": self.kid("current") })
    }

    /// Signed by one of the service's own keys.
    fn sign(&self, which: &str, header: &Value, claims: &Value) -> String {
        let pkcs8 = BASE64_STANDARD.decode(self.ring[which]["pkcs8"].as_str().unwrap()).unwrap();
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random).unwrap();
        let message = message(header, claims);
        let signature = pair.sign(&random, message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    async fn present(&self, token: &str) -> testkit::Answer {
        self.stage.app.get("/v1/auth/sessions").bearer(token).send().await
    }

    async fn refused(&self, what: &str, token: &str) {
        let answer = self.present(token).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (401, Some("invalid_token")), "{what}");
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

#[tokio::test]
async fn no_algorithm_but_the_one_is_taken() {
    let forge = Forge::open().await;
    let public = KeyRing::parse(&forge.ring.to_string()).unwrap().public().unwrap();
    let document = serde_json::to_string(&public).unwrap();
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": forge.kid("current") });
        let unsigned = message(&header, &forge.claims());
        for signature in ["", ".", ".AAAA"] {
            forge.refused(algorithm, &format!("{unsigned}{signature}")).await;
        }
        forge.refused(algorithm, &forge.sign("current", &header, &forge.claims())).await;
    }
    // The public key as an HMAC secret, in each form in which somebody can get it.
    let point = public.keys.iter().find(|key| key.kid == forge.kid("current")).unwrap();
    let raw = [point.x.as_str(), point.y.as_str()].map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).concat();
    let uncompressed = [&[4], raw.as_slice()].concat();
    for secret in [document.as_bytes(), point.x.as_bytes(), &raw, &uncompressed, b""] {
        for (algorithm, hash) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384)] {
            let header = json!({ "typ": "JWT", "alg": algorithm, "kid": forge.kid("current") });
            let message = message(&header, &forge.claims());
            let tag = hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes());
            forge.refused(algorithm, &format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))).await;
        }
    }
    for algorithm in ["ES384", "RS256", "PS256", "EdDSA", "es256"] {
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": forge.kid("current") });
        forge.refused(algorithm, &forge.sign("current", &header, &forge.claims())).await;
    }
}

#[tokio::test]
async fn a_key_signs_under_its_own_name_only() {
    let forge = Forge::open().await;
    forge.present(&forge.sign("current", &forge.header(), &forge.claims())).await.expect(200);
    // The next key is published already, so that verifiers know it when it begins to sign.
    let next = json!({ "alg": "ES256", "kid": forge.kid("next") });
    forge.present(&forge.sign("next", &next, &forge.claims())).await.expect(200);
    forge.refused("swapped", &forge.sign("next", &forge.header(), &forge.claims())).await;
    forge.refused("swapped", &forge.sign("current", &next, &forge.claims())).await;
    let header = |kid: Value| json!({ "alg": "ES256", "kid": kid });
    for kid in [json!(""), json!("unknown"), json!("../../etc/passwd"), json!("' or 1=1 --"), json!(7), Value::Null] {
        forge.refused("kid", &forge.sign("current", &header(kid), &forge.claims())).await;
    }
    forge.refused("no kid", &forge.sign("current", &json!({ "alg": "ES256" }), &forge.claims())).await;
    // A key that the token brings along, or says where to find.
    let mut brought = forge.header();
    brought["kid"] = "mine".into();
    brought["jwk"] = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    brought["jku"] = "http://127.0.0.1:1/keys.json".into();
    forge.refused("jwk", &forge.sign("current", &brought, &forge.claims())).await;
}

#[tokio::test]
async fn a_token_for_or_from_somebody_else_is_refused() {
    let forge = Forge::open().await;
    for (name, wrong) in [
        ("aud", json!("cinema-partner")),
        ("aud", json!("")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!("https://accounts.example.com")),
        ("iss", Value::Null),
        ("sub", json!("acc_1")),
        ("sub", forge.claims()["sid"].clone()),
        ("sid", Value::Null),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("max_rating", json!(-1)),
    ] {
        forge.refused(name, &forge.sign("current", &forge.header(), &forge.with(name, wrong))).await;
    }
    let later = forge.stage.world.now().unix_timestamp() + 120;
    forge.refused("iat", &forge.sign("current", &forge.header(), &forge.with("iat", json!(later)))).await;
    let over = forge.with("exp", json!(forge.stage.world.now().unix_timestamp() - 31));
    let expired = forge.present(&forge.sign("current", &forge.header(), &over)).await;
    expired.expect_problem(401, "token_expired");
}

#[tokio::test]
async fn changed_bytes_are_noticed() {
    let forge = Forge::open().await;
    let parts: Vec<&str> = forge.someone.access.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("a JWT has three parts") };
    let admin = BASE64_URL_SAFE_NO_PAD.encode(forge.with("roles", json!(["admin"])).to_string());
    let flipped =
        if signature.starts_with('A') { signature.replacen('A', "B", 1) } else { format!("A{}", &signature[1..]) };
    let zeros = BASE64_URL_SAFE_NO_PAD.encode([0; 64]);
    for token in [
        format!("{header}.{admin}.{signature}"),
        format!("{header}.{claims}.{flipped}"),
        format!("{header}.{claims}.{zeros}"),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{claims}.{}", &signature[..signature.len() - 2]),
        format!(".{claims}.{signature}"),
        String::new(),
    ] {
        forge.refused(&token, &token).await;
    }
    forge.present(&forge.someone.access).await.expect(200);
}
