//! Access tokens: JWT (RFC 7519) with ES256, signed by auth and verified inside each function against the published key set.

use std::{
    collections::HashMap,
    sync::{Arc, Once, PoisonError, RwLock},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, new_error},
};
use kernel::{AccountId, Locale, ProfileId, SessionId, World, policy};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
        RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use runtime::{Boot, BootError};
use serde::{Deserialize, Serialize};
use stores::Fetch;
use time::{Duration, OffsetDateTime};

use crate::Problem;

/// `iss` and `aud` of every access token.
pub const ISSUER: &str = "cinema-auth";
/// See [`ISSUER`].
pub const AUDIENCE: &str = "cinema";
/// How long an access token lives at most.
pub const LIFETIME: Duration = Duration::minutes(10);
/// How long a key set is used before it is read again.
const KEEP: Duration = Duration::minutes(5);
/// How often an unknown `kid` may cause a read.
const REREAD: Duration = Duration::seconds(30);
/// Clocks may differ by this much.
const LEEWAY_SECONDS: i64 = 30;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Always [`ISSUER`].
    pub iss: String,
    /// Always [`AUDIENCE`].
    pub aud: String,
    /// Seconds since 1970.
    pub iat: i64,
    /// Seconds since 1970.
    pub exp: i64,
    /// Unique.
    pub jti: String,
    /// The account.
    pub sub: AccountId,
    /// The login session.
    pub sid: SessionId,
    /// The chosen profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<ProfileId>,
    /// `editor`, `support`, `admin`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Highest age rating the profile may see, 0–18.
    pub max_rating: u8,
    /// The profile's language.
    pub locale: Locale,
    /// When the person last proved who they are; seconds since 1970.
    pub auth_time: i64,
    /// How (RFC 8176): `pwd`, `otp`, …
    #[serde(default)]
    pub amr: Vec<String>,
}

impl Claims {
    /// The highest age rating that the caller may see: without a profile the lowest there is.
    pub fn cap(&self) -> u8 {
        if self.pid.is_some() { self.max_rating } else { 0 }
    }
}

/// A public key in the published set (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// Always `EC`.
    pub kty: String,
    /// Always `P-256`.
    pub crv: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Always `ES256`.
    pub alg: String,
    /// The key's id.
    pub kid: String,
    /// base64url coordinate.
    pub x: String,
    /// base64url coordinate.
    pub y: String,
}

/// The published set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwks {
    /// Next, current and previous key.
    pub keys: Vec<Jwk>,
}

/// Signs access tokens; only auth has one.
pub struct Signer {
    kid: String,
    key: EncodingKey,
}

impl Signer {
    /// From a PKCS#8 document of a P-256 key.
    pub fn new(kid: &str, pkcs8: &[u8]) -> Self {
        install_ring();
        Self { kid: kid.to_owned(), key: EncodingKey::from_ec_der(pkcs8) }
    }

    /// The signed token.
    ///
    /// # Errors
    /// When the key is not a P-256 key.
    pub fn sign(&self, claims: &Claims) -> Result<String, Problem> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).map_err(Problem::internal)
    }

    /// The public half of a PKCS#8 key as a member of the key set.
    ///
    /// # Errors
    /// When the key is not a P-256 key.
    pub fn public(kid: &str, pkcs8: &[u8]) -> Result<Jwk, Problem> {
        let pair = key_pair(pkcs8).map_err(|_| Problem::internal("signing key is not a P-256 key"))?;
        let point = pair.public_key().as_ref();
        let coordinate = |range| BASE64_URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
        Ok(Jwk {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            usage: "sig".to_owned(),
            alg: "ES256".to_owned(),
            kid: kid.to_owned(),
            x: coordinate(1..33),
            y: coordinate(33..65),
        })
    }
}

/// Whether the header has `crit` (RFC 7515, 4.1.11): whoever does not understand all it names must refuse the token.
fn is_critical(token: &str) -> bool {
    #[derive(Deserialize)]
    struct Critical {
        crit: Option<serde_json::Value>,
    }
    let header = token.split('.').next().and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    header.and_then(|json| serde_json::from_slice::<Critical>(&json).ok()).is_none_or(|header| header.crit.is_some())
}

struct KeySet {
    read_at: OffsetDateTime,
    keys: HashMap<String, DecodingKey>,
}

/// Verifies access tokens with the key set behind `JWKS_URL`.
pub struct Verifier {
    url: String,
    fetch: Fetch,
    world: World,
    validation: Validation,
    known: Arc<RwLock<Option<KeySet>>>,
    reading: tokio::sync::Mutex<()>,
}

impl Verifier {
    pub(crate) fn new(boot: &Boot) -> Result<Self, BootError> {
        install_ring();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked below against our own clock.
        validation.validate_exp = false;
        Ok(Self {
            url: boot.required("JWKS_URL")?,
            fetch: Fetch::default(),
            world: boot.world(),
            validation,
            known: Arc::default(),
            reading: tokio::sync::Mutex::new(()),
        })
    }

    /// Reads the key set, in INIT.
    pub async fn warm(&self) {
        let _ = self.read(None).await;
    }

    /// The claims of a valid token.
    ///
    /// # Errors
    /// 401 `invalid_token` or `token_expired`; 503 `keys_unavailable` while there is no key set.
    pub async fn verify(&self, token: &str) -> Result<Claims, Problem> {
        let invalid = |why: &dyn std::fmt::Display| {
            Problem::unauthorized("invalid_token", "The access token is not valid. Sign in again.").because(why)
        };
        let header = jsonwebtoken::decode_header(token).map_err(|error| invalid(&error))?;
        let kid = header.kid.ok_or_else(|| invalid(&"no kid"))?;
        let key = self.key(&kid).await?.ok_or_else(|| invalid(&"unknown kid"))?;
        let data = jsonwebtoken::decode::<Claims>(token, &key, &self.validation).map_err(|error| invalid(&error))?;
        let (now, lifetime) = (self.world.now().unix_timestamp(), data.claims.exp - data.claims.iat);
        if is_critical(token) {
            return Err(invalid(&"crit names extensions that nobody here knows"));
        }
        if lifetime > LIFETIME.whole_seconds() || data.claims.max_rating > policy::ADULT {
            return Err(invalid(&"claims out of range"));
        }
        if data.claims.exp + LEEWAY_SECONDS <= now {
            return Err(Problem::unauthorized("token_expired", "The access token has expired. Refresh it."));
        }
        if data.claims.iat - LEEWAY_SECONDS > now {
            return Err(invalid(&"issued in the future"));
        }
        Ok(data.claims)
    }

    async fn key(&self, kid: &str) -> Result<Option<DecodingKey>, Problem> {
        if let Some(found) = self.known_key(kid) {
            return Ok(found);
        }
        self.read(Some(kid)).await?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Ok(known.as_ref().and_then(|set| set.keys.get(kid).cloned()))
    }

    /// `Some(None)`: the key is unknown and it is too early to ask again.
    fn known_key(&self, kid: &str) -> Option<Option<DecodingKey>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let set = known.as_ref()?;
        let age = self.world.now() - set.read_at;
        match set.keys.get(kid) {
            Some(key) if age < KEEP => Some(Some(key.clone())),
            None if age < REREAD => Some(None),
            _ => None,
        }
    }

    async fn read(&self, kid: Option<&str>) -> Result<(), Problem> {
        let _one_reader = self.reading.lock().await;
        if kid.is_some_and(|kid| self.known_key(kid).is_some()) {
            return Ok(());
        }
        let read = async {
            let document = self.fetch.get(&self.url).await?;
            serde_json::from_slice::<Jwks>(&document)
                .map_err(|error| stores::StoreError { engine: "jwks", detail: error.to_string() })
        };
        let set = match read.await {
            Ok(set) => set,
            Err(error) => {
                // A key that was good stays good while the set cannot be read.
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                return match known.as_mut() {
                    Some(set) if !set.keys.is_empty() => {
                        tracing::warn!(%error, "key set cannot be read, the last one is used");
                        set.read_at = self.world.now();
                        Ok(())
                    }
                    _ => Err(Problem::unavailable("keys_unavailable", error)),
                };
            }
        };
        let usable = set.keys.into_iter().filter(|key| key.kty == "EC" && key.crv == "P-256" && key.alg == "ES256");
        let keys = usable.filter_map(|jwk| Some((jwk.kid, DecodingKey::from_ec_components(&jwk.x, &jwk.y).ok()?)));
        let set = KeySet { read_at: self.world.now(), keys: keys.collect() };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(set);
        Ok(())
    }
}

fn key_pair(pkcs8: &[u8]) -> Result<EcdsaKeyPair, ring::error::KeyRejected> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
}

/// ES256 and, to verify what other issuers have signed, RS256 over ring; every other algorithm is refused.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::ES256 => {
            let pair = key_pair(key.as_bytes()).map_err(|_| new_error(ErrorKind::InvalidEcdsaKey))?;
            Ok(Box::new(Es256Signer(pair)) as Box<dyn JwtSigner>)
        }
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::ES256 => Ok(Box::new(Es256Verifier(key.try_get_as_bytes()?.to_vec())) as Box<dyn JwtVerifier>),
        Algorithm::RS256 => match key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                let components = RsaPublicKeyComponents { n: n.clone(), e: e.clone() };
                Ok(Box::new(Rs256Verifier(components)) as Box<dyn JwtVerifier>)
            }
            DecodingKeyKind::SecretOrDer(_) => Err(new_error(ErrorKind::InvalidKeyFormat)),
        },
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes ring what `jsonwebtoken` calculates with, once.
pub fn install_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = RING.install_default();
    });
}

struct Es256Signer(EcdsaKeyPair);

impl signature::Signer<Vec<u8>> for Es256Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let signed = self.0.sign(&SystemRandom::new(), message).map_err(|_| signature::Error::new())?;
        Ok(signed.as_ref().to_vec())
    }
}

impl JwtSigner for Es256Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct Es256Verifier(Vec<u8>);

impl signature::Verifier<Vec<u8>> for Es256Verifier {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0);
        key.verify(message, signed).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Es256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct Rs256Verifier(RsaPublicKeyComponents<Vec<u8>>);

impl signature::Verifier<Vec<u8>> for Rs256Verifier {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.verify(&RSA_PKCS1_2048_8192_SHA256, message, signed).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rs256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
