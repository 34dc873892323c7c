//! Signed URLs as CloudFront checks them: a custom policy for everything below a prefix, signed with ECDSA P-256.
//!
//! The query is `Policy=…&Signature=…&Key-Pair-Id=…&Hash-Algorithm=SHA256`: CloudFront takes SHA-1 unless the last parameter says otherwise,
//! and the signature is the ASN.1 form. Base64 is the standard alphabet with `+ = /` written as `- _ ~`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey},
};
use runtime::{FromSecret, Vars};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

const PARAMETERS: [&str; 4] = ["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];
/// DER of `SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING … }` up to the 65 bytes of the point (RFC 5480).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const POINT_BYTES: usize = 65;

/// The bytes are not a P-256 key in the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 key")]
pub struct KeyError;

/// Why a signed URL was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A parameter is absent, repeated or unreadable.
    #[error("the URL is not signed, or its signature cannot be read")]
    Malformed,
    /// Not signed with the matching private key.
    #[error("the signature does not fit the policy")]
    Forged,
    /// Its time is over.
    #[error("the signed URL has expired")]
    Expired,
    /// The policy is for other URLs.
    #[error("the policy does not cover this URL")]
    NotCovered,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    statement: [Statement; 1],
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    resource: String,
    condition: Condition,
}

/// A condition that is not known here must not be ignored, so other fields are refused.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    date_less_than: EpochTime,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpochTime {
    #[serde(rename = "AWS:EpochTime")]
    seconds: i64,
}

/// The private key that signs URLs.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    key_pair_id: String,
}

impl SigningKey {
    /// From a PKCS#8 document and the id under which CloudFront knows the public half.
    pub fn from_pkcs8(pkcs8: &[u8], key_pair_id: &str) -> Result<Self, KeyError> {
        Ok(Self { pair: key_pair(pkcs8)?, key_pair_id: key_pair_id.to_owned() })
    }

    /// The query that opens every URL below `base_url_prefix` (`https://host/media/ast_x/v720/`, with its slash) until `expires_at`.
    #[expect(clippy::expect_used, reason = "signing fails only when the system gives no random bytes")]
    pub fn sign_prefix(&self, base_url_prefix: &str, expires_at: OffsetDateTime) -> String {
        let policy = Policy {
            statement: [Statement {
                resource: format!("{base_url_prefix}*"),
                condition: Condition { date_less_than: EpochTime { seconds: expires_at.unix_timestamp() } },
            }],
        };
        let policy = serde_json::to_vec(&policy).unwrap_or_default();
        let signature = self.pair.sign(&SystemRandom::new(), &policy).expect("the system gives no random bytes");
        format!(
            "Policy={}&Signature={}&Key-Pair-Id={}&Hash-Algorithm=SHA256",
            encode(&policy),
            encode(signature.as_ref()),
            self.key_pair_id
        )
    }
}

/// CloudFront gives the public half an id, `URL_KEY_PAIR_ID`; the local edge has one key and takes any.
impl FromSecret for SigningKey {
    const SECRET: &'static str = "url-signing-key";

    fn from_secret(bytes: &[u8], vars: &Vars) -> Result<Self, String> {
        let id = match vars.get("URL_KEY_PAIR_ID") {
            Some(id) => id.to_owned(),
            None => PublicKey::from_pkcs8(bytes).map_err(|error| error.to_string())?.local_id(),
        };
        Self::from_pkcs8(bytes, &id).map_err(|error| error.to_string())
    }
}

/// The public key that checks signed URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// The public half of a PKCS#8 document.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        Ok(Self(key_pair(pkcs8)?.public_key().as_ref().to_vec()))
    }

    /// From the DER of a SubjectPublicKeyInfo, the form that CloudFront takes (as PEM).
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let point =
            der.strip_prefix(&SPKI_PREFIX).filter(|point| point.len() == POINT_BYTES && point.starts_with(&[4]));
        point.map(|point| Self(point.to_vec())).ok_or(KeyError)
    }

    /// The DER of the SubjectPublicKeyInfo.
    pub fn to_spki(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], &self.0].concat()
    }

    /// An id in CloudFront's form for where CloudFront gives none: the same for the same key.
    pub fn local_id(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digest = digest::digest(&digest::SHA256, &self.0);
        let letters = digest.as_ref().iter().take(13).map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
        std::iter::once('K').chain(letters).collect()
    }

    /// Whether `query` opens `url`: scheme, host, path and whatever other query there is, without the four parameters of the signature.
    pub fn verify(&self, url: &str, query: &str, now: OffsetDateTime) -> Result<(), Refused> {
        let [policy, signature, key_pair_id, hash] = parameters(query)?;
        if hash != "SHA256" || key_pair_id.is_empty() {
            return Err(Refused::Malformed);
        }
        let policy = decode(policy)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0)
            .verify(&policy, &decode(signature)?)
            .map_err(|_| Refused::Forged)?;
        let policy: Policy = serde_json::from_slice(&policy).map_err(|_| Refused::Malformed)?;
        let [Statement { resource, condition }] = policy.statement;
        if now.unix_timestamp() >= condition.date_less_than.seconds {
            return Err(Refused::Expired);
        }
        if leaves_its_prefix(url) || !covers(resource.as_bytes(), url.as_bytes()) {
            return Err(Refused::NotCovered);
        }
        Ok(())
    }
}

fn key_pair(pkcs8: &[u8]) -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &SystemRandom::new()).map_err(|_| KeyError)
}

fn encode(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

fn decode(text: &str) -> Result<Vec<u8>, Refused> {
    let standard = text.replace('-', "+").replace('_', "=").replace('~', "/");
    BASE64_STANDARD.decode(standard).map_err(|_| Refused::Malformed)
}

/// Each of [`PARAMETERS`] exactly once; other parameters are the resource's own.
fn parameters(query: &str) -> Result<[&str; 4], Refused> {
    let mut found = [None; 4];
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let Some(place) = PARAMETERS.iter().position(|parameter| *parameter == name) else { continue };
        if found[place].replace(value).is_some() {
            return Err(Refused::Malformed);
        }
    }
    match found {
        [Some(policy), Some(signature), Some(id), Some(hash)] => Ok([policy, signature, id, hash]),
        _ => Err(Refused::Malformed),
    }
}

/// Whether a server could read the path of `url` as one that leaves its prefix: `.` and `..` as segments, in whatever encoding.
pub fn leaves_its_prefix(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let plain = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\");
    plain.contains('\\') || plain.contains("%25") || plain.split('/').any(|segment| segment == "." || segment == "..")
}

/// CloudFront's wildcards: `*` stands for any number of characters, `?` for exactly one.
fn covers(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const PREFIX: &str = "https://cinema.example/media/ast_1/v720/";

    fn keys() -> (SigningKey, PublicKey) {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let public = PublicKey::from_pkcs8(document.as_ref()).unwrap();
        (SigningKey::from_pkcs8(document.as_ref(), &public.local_id()).unwrap(), public)
    }

    #[test]
    fn one_signature_opens_everything_below_its_prefix_and_nothing_else() {
        let (signing, public) = keys();
        let query = signing.sign_prefix(PREFIX, NOW + Duration::HOUR);
        for path in ["init.mp4", "0123abcd/1.m4s", ""] {
            assert_eq!(public.verify(&format!("{PREFIX}{path}"), &query, NOW), Ok(()), "{path}");
        }
        for url in [
            "https://cinema.example/media/ast_1/v1080/1.m4s",
            "https://cinema.example/media/ast_1/v720",
            "https://other.example/media/ast_1/v720/1.m4s",
            "http://cinema.example/media/ast_1/v720/1.m4s",
            "https://cinema.example/media/ast_1/v720/../v1080/1.m4s",
            "https://cinema.example/media/ast_1/v720/%2E%2e/v1080/1.m4s",
            "https://cinema.example/media/ast_1/v720/..%2fv1080/1.m4s",
            "https://cinema.example/media/ast_1/v720/%252e%252e/v1080/1.m4s",
            "https://cinema.example/media/ast_1/v720/..\\v1080/1.m4s",
        ] {
            assert_eq!(public.verify(url, &query, NOW), Err(Refused::NotCovered), "{url}");
        }
    }

    #[test]
    fn it_ends_and_cannot_be_changed() {
        let ((signing, public), (_, other)) = (keys(), keys());
        let url = format!("{PREFIX}1.m4s");
        let query = signing.sign_prefix(PREFIX, NOW + Duration::HOUR);
        assert_eq!(public.verify(&url, &query, NOW + Duration::HOUR), Err(Refused::Expired));
        assert_eq!(other.verify(&url, &query, NOW), Err(Refused::Forged));
        let longer = signing.sign_prefix(PREFIX, NOW + Duration::DAY);
        let (policy, rest) = (longer.split('&').next().unwrap(), query.split_once('&').unwrap().1);
        assert_eq!(public.verify(&url, &format!("{policy}&{rest}"), NOW), Err(Refused::Forged));
        for query in [
            "",
            &query[..20],
            &format!("{query}&{policy}"),
            &query.replace("SHA256", "SHA1"),
            "Policy=%00&Signature=a&Key-Pair-Id=K&Hash-Algorithm=SHA256",
        ] {
            assert_eq!(public.verify(&url, query, NOW), Err(Refused::Malformed), "{query}");
        }
        assert_eq!(public.verify(&url, &format!("a=b&{query}"), NOW), Ok(()));
    }

    #[test]
    fn the_policy_is_the_document_that_cloudfront_reads() {
        let query = keys().0.sign_prefix(PREFIX, NOW);
        let policy = query.strip_prefix("Policy=").and_then(|rest| rest.split('&').next()).unwrap();
        let expected = format!(
            r#"{{"Statement":[{{"Resource":"{PREFIX}*","Condition":{{"DateLessThan":{{"AWS:EpochTime":{}}}}}}}]}}"#,
            NOW.unix_timestamp()
        );
        assert_eq!(String::from_utf8(decode(policy).unwrap()).unwrap(), expected);
        assert!(query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~=&".contains(&byte)), "{query}");
    }

    #[test]
    fn public_keys_survive_the_form_that_cloudfront_takes() {
        let public = keys().1;
        assert_eq!(PublicKey::from_spki(&public.to_spki()), Ok(public.clone()));
        assert_eq!(PublicKey::from_spki(&public.to_spki()[1..]), Err(KeyError));
        assert_eq!(PublicKey::from_pkcs8(b"no key"), Err(KeyError));
        assert_eq!(public.local_id().len(), 14);
    }

    /// What a server that decodes as often as it can would read.
    fn fully_decoded(path: &str) -> String {
        let mut text = path.to_owned();
        for _ in 0..8 {
            let bytes = text.as_bytes();
            let (mut decoded, mut at) = (Vec::new(), 0);
            while at < bytes.len() {
                let digits = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
                let byte = digits.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
                at += if byte.is_some() { 3 } else { 1 };
                decoded.push(byte.unwrap_or_else(|| bytes[at - 1]));
            }
            text = String::from_utf8_lossy(&decoded).replace('\\', "/");
        }
        text
    }

    proptest! {
        #[test]
        fn no_dot_segment_leaves_its_prefix_in_any_encoding(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "/", ".", "..", "%2e", "%2E", "%2f", "%2F", "%5c", "\\", "%252e", "%25", "2e", "%", "%c0%ae", "...",
                ]),
                1..12,
            )
        ) {
            let path = format!("/v1/{}", parts.concat());
            let climbs = fully_decoded(&path).split('/').any(|segment| segment == "." || segment == "..");
            prop_assert!(!climbs || leaves_its_prefix(&path), "{path}");
        }

        #[test]
        fn wildcards_agree_with_a_recursive_reading(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern.first(), text.first()) {
                    (None, None) => true,
                    (Some(b'*'), _) => slow(&pattern[1..], text) || (!text.is_empty() && slow(pattern, &text[1..])),
                    (Some(b'?'), Some(_)) => slow(&pattern[1..], &text[1..]),
                    (Some(p), Some(t)) => p == t && slow(&pattern[1..], &text[1..]),
                    _ => false,
                }
            }
            prop_assert_eq!(covers(pattern.as_bytes(), text.as_bytes()), slow(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn hostile_queries_do_not_open_anything(query in "\\PC{0,80}") {
            prop_assert!(keys().1.verify(PREFIX, &query, NOW).is_err());
        }
    }
}
