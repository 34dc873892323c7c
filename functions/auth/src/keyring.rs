//! The keys that sign access tokens, and the order in which they are replaced.
//!
//! Every key is published before anything is signed with it, and for a whole period at that: verifiers keep a key set for minutes. So each run
//! first publishes what will be true, then stores it; a crash in between leaves a published key that is never used.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::token::{Jwks, Signer};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// A key signs for at least this long: a run too many changes nothing. A day less than the schedule, which does not fire to the second.
pub const PERIOD: Duration = Duration::days(6);

/// Keys that cannot be made, read or used; for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing keys: {0}")]
pub struct KeyError(String);

/// A private key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// Named in each token's header.
    pub kid: String,
    /// PKCS#8 in base64.
    pkcs8: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey {}", self.kid)
    }
}

impl SigningKey {
    /// A fresh P-256 key.
    pub fn generate(kid: String, now: OffsetDateTime) -> Result<Self, KeyError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let document = document.map_err(|_| KeyError("no random bytes".to_owned()))?;
        Ok(Self { kid, pkcs8: BASE64_STANDARD.encode(document), created: now })
    }

    fn bytes(&self) -> Result<Vec<u8>, KeyError> {
        BASE64_STANDARD.decode(&self.pkcs8).map_err(|_| KeyError(format!("{} is not base64", self.kid)))
    }

    /// Signs with this key.
    pub fn signer(&self) -> Result<Signer, KeyError> {
        Ok(Signer::new(&self.kid, &self.bytes()?))
    }
}

/// The secret `signing-keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    /// Signs in the next period; published already.
    pub next: SigningKey,
    /// Signs.
    pub current: SigningKey,
    /// Signed in the last period; its tokens may still be alive.
    pub previous: Option<SigningKey>,
    /// When `current` began to sign.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// One step of a run; a run may crash after any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Write the public halves to the bucket.
    Publish(KeyRing),
    /// Store the secret.
    Store(KeyRing),
}

impl KeyRing {
    /// From the secret's value.
    pub fn parse(secret: &str) -> Result<Self, KeyError> {
        // The parser's own text quotes values.
        serde_json::from_str(secret).map_err(|error| KeyError(format!("no key ring: line {}", error.line())))
    }

    /// The secret's value.
    pub fn json(&self) -> Result<String, KeyError> {
        serde_json::to_string(self).map_err(|error| KeyError(error.to_string()))
    }

    /// The key set that verifiers read.
    pub fn public(&self) -> Result<Jwks, KeyError> {
        let keys = [Some(&self.next), Some(&self.current), self.previous.as_ref()];
        let unusable = |kid: &str| KeyError(format!("{kid} is not a P-256 key"));
        let public = |key: &SigningKey| Signer::public(&key.kid, &key.bytes()?).map_err(|_| unusable(&key.kid));
        Ok(Jwks { keys: keys.into_iter().flatten().map(public).collect::<Result<_, _>>()? })
    }
}

/// What a run has to do, in this order.
pub fn steps<E>(
    stored: Option<KeyRing>,
    now: OffsetDateTime,
    mut fresh: impl FnMut() -> Result<SigningKey, E>,
) -> Result<Vec<Step>, E> {
    let ring = match stored {
        None => KeyRing { next: fresh()?, current: fresh()?, previous: None, since: now },
        // Too early: only heals what a crash or a hand may have done to the published set.
        Some(ring) if now - ring.since < PERIOD => return Ok(vec![Step::Publish(ring)]),
        Some(ring) => KeyRing { next: fresh()?, current: ring.next, previous: Some(ring.current), since: now },
    };
    Ok(vec![Step::Publish(ring.clone()), Step::Store(ring)])
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// Verifiers and signers keep what they read for five minutes; a token lives ten.
    const KEEP: Duration = Duration::minutes(5);
    const TOKEN: Duration = Duration::minutes(10);

    fn fake(kid: u32) -> SigningKey {
        SigningKey { kid: kid.to_string(), pkcs8: String::new(), created: OffsetDateTime::UNIX_EPOCH }
    }

    fn kids(ring: &KeyRing) -> Vec<String> {
        let keys = [Some(&ring.next), Some(&ring.current), ring.previous.as_ref()];
        keys.into_iter().flatten().map(|key| key.kid.clone()).collect()
    }

    #[test]
    fn the_first_run_makes_two_keys_and_the_secret_round_trips() {
        let mut number = 0;
        let fresh = || {
            number += 1;
            SigningKey::generate(format!("k{number}"), OffsetDateTime::UNIX_EPOCH)
        };
        let steps = steps(None, OffsetDateTime::UNIX_EPOCH, fresh).unwrap();
        let [Step::Publish(published), Step::Store(stored)] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!(published, stored);
        assert_eq!(KeyRing::parse(&stored.json().unwrap()).unwrap(), *stored);
        assert_eq!(stored.public().unwrap().keys.len(), 2);
        assert!(!format!("{stored:?}").contains(&stored.current.pkcs8));
        assert!(KeyRing::parse("{}").is_err());
    }

    #[test]
    fn a_run_too_early_only_publishes() {
        let ring = KeyRing { next: fake(2), current: fake(1), previous: None, since: OffsetDateTime::UNIX_EPOCH };
        let early = OffsetDateTime::UNIX_EPOCH + PERIOD - Duration::SECOND;
        let none = || -> Result<SigningKey, Infallible> { panic!("no key is needed") };
        assert_eq!(steps(Some(ring.clone()), early, none), Ok(vec![Step::Publish(ring)]));
    }

    proptest! {
        /// Whatever the times of the runs and wherever each crashes: a verifier with a key set of up to five minutes ago knows the key of
        /// every living token, which was signed with a key read up to five minutes before.
        #[test]
        fn every_living_token_can_be_verified(runs in proptest::collection::vec((1i64..20_000, 0usize..3), 1..60)) {
            let mut now = OffsetDateTime::UNIX_EPOCH;
            let (mut stored, mut published): (Option<KeyRing>, Vec<String>) = (None, Vec::new());
            // What stood in each place from when on.
            let mut signing: Vec<(OffsetDateTime, String)> = Vec::new();
            let mut sets: Vec<(OffsetDateTime, Vec<String>)> = Vec::new();
            let mut number = 0;
            for (minutes, crash_after) in runs {
                now += Duration::minutes(minutes);
                let fresh = || { number += 1; Ok::<_, Infallible>(fake(number)) };
                let planned = steps(stored.clone(), now, fresh).unwrap();
                for step in planned.into_iter().take(crash_after) {
                    match step {
                        Step::Publish(ring) => { published = kids(&ring); sets.push((now, published.clone())); }
                        Step::Store(ring) => { signing.push((now, ring.current.kid.clone())); stored = Some(ring); }
                    }
                }
                // A token of now, and one signed just before with a key that was read before this run.
                let usable = |age: Duration| {
                    let since = now - age;
                    let older = signing.iter().rposition(|(at, _)| *at <= since);
                    signing[older.unwrap_or(0)..].iter().map(|(_, kid)| kid.clone()).collect::<Vec<_>>()
                };
                let older_set = sets.iter().rfind(|(at, _)| *at <= now - KEEP).map(|(_, set)| set);
                if !signing.is_empty() {
                    for kid in usable(TOKEN + KEEP) {
                        prop_assert!(published.contains(&kid), "{} not in {:?}", kid, published);
                        // A verifier that has the older set knows the key too, once there was a set at all.
                        if let Some(set) = older_set && stored.as_ref().is_some_and(|ring| ring.since != signing[0].0) {
                            prop_assert!(set.contains(&kid), "{} not in the older {:?}", kid, set);
                        }
                    }
                }
            }
        }
    }
}
