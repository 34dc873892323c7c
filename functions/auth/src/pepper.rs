//! The secret that a stolen database lacks: input of every password and PIN hash, and key of every short code's digest.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::Problem;
use kernel::World;
use ring::hmac;
use runtime::{Access, Boot, BootError};
use secrecy::ExposeSecret;
use stores::SecretHandle;
use tokio::sync::OnceCell;

use crate::password::Password;

/// argon2id as OWASP asks for: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Costs as much as a real hash and fits no password; for addresses that nobody has registered.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The secret, read once and kept.
#[derive(Clone)]
pub struct Pepper {
    handle: SecretHandle,
    kept: Arc<OnceCell<Hasher>>,
}

impl Pepper {
    /// Read in INIT, or with the first request that needs it.
    pub fn wire(boot: &Boot) -> Result<Self, BootError> {
        let pepper = Self { handle: boot.secret("pepper", Access::Read)?, kept: Arc::default() };
        let warm = pepper.clone();
        boot.also_warm(async move { drop(warm.hasher().await) });
        Ok(pepper)
    }

    /// What hashes with it.
    ///
    /// # Errors
    /// 503 while it cannot be read.
    pub async fn hasher(&self) -> Result<Hasher, Problem> {
        let read = || async {
            let unusable =
                |reason: &str| Problem::unavailable("temporarily_unavailable", format!("secret pepper: {reason}"));
            let text = self.handle.get().await?.ok_or_else(|| unusable("has no value"))?;
            let bytes = BASE64_STANDARD.decode(text.expose_secret()).map_err(|_| unusable("is not base64"))?;
            if bytes.len() < 32 {
                return Err(unusable("is shorter than 32 bytes"));
            }
            Ok(Hasher::new(&bytes))
        };
        self.kept.get_or_try_init(read).await.cloned()
    }
}

/// Whether a password is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not.
    Wrong,
    /// It is, and the hash is as good as a new one.
    Right,
    /// It is, but the hash was made with other parameters.
    RightButOutdated,
}

/// Hashes and compares.
#[derive(Clone)]
pub struct Hasher {
    pepper: Arc<[u8]>,
    tags: hmac::Key,
}

impl Hasher {
    /// With a pepper of one's own.
    pub fn new(pepper: &[u8]) -> Self {
        Self { pepper: pepper.into(), tags: hmac::Key::new(hmac::HMAC_SHA256, pepper) }
    }

    /// A new hash as a PHC string, made beside the async runtime: it takes a processor for 20 to 50 ms.
    pub async fn hash(&self, world: &World, password: &Password) -> Result<String, Problem> {
        let (hasher, password, salt) = (self.clone(), password.clone(), world.bytes::<16>());
        let hash = move || {
            let hash = hasher.argon2()?.hash_password_with_salt(password.bytes(), &salt).map_err(Problem::internal)?;
            Ok(hash.to_string())
        };
        tokio::task::spawn_blocking(hash).await.map_err(Problem::internal)?
    }

    /// Compares with a PHC string, or does the same work for nobody.
    pub async fn verify(&self, password: &Password, phc: Option<&str>) -> Result<Verdict, Problem> {
        let (hasher, password, phc) = (self.clone(), password.clone(), phc.unwrap_or(NOBODY).to_owned());
        tokio::task::spawn_blocking(move || hasher.verify_now(&password, &phc)).await.map_err(Problem::internal)?
    }

    fn verify_now(&self, password: &Password, phc: &str) -> Result<Verdict, Problem> {
        let stored = PasswordHash::new(phc).map_err(Problem::internal)?;
        if self.argon2()?.verify_password(password.bytes(), &stored).is_err() {
            return Ok(Verdict::Wrong);
        }
        let used = Params::try_from(&stored).map_err(Problem::internal)?;
        let same = (used.m_cost(), used.t_cost(), used.p_cost()) == (MEMORY_KIB, PASSES, LANES)
            && stored.algorithm.as_str() == Algorithm::Argon2id.as_str();
        Ok(if same { Verdict::Right } else { Verdict::RightButOutdated })
    }

    fn argon2(&self) -> Result<Argon2<'_>, Problem> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Problem::internal)?;
        Argon2::new_with_secret(&self.pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(Problem::internal)
    }

    /// A keyed digest, for what is too short to be hashed without a key. `purpose` keeps the uses apart.
    pub fn tag(&self, purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.tags);
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::replay(time::OffsetDateTime::UNIX_EPOCH, 1).0
    }

    #[tokio::test]
    async fn only_the_right_password_with_the_right_pepper_fits() {
        let hasher = Hasher::new(&[1; 32]);
        let password = Password::from("correct horse");
        let hash = hasher.hash(&world(), &password).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(hasher.verify(&password, Some(&hash)).await.unwrap(), Verdict::Right);
        assert_eq!(hasher.verify(&Password::from("wrong horse"), Some(&hash)).await.unwrap(), Verdict::Wrong);
        assert_eq!(Hasher::new(&[2; 32]).verify(&password, Some(&hash)).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify(&password, None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_recognised_as_outdated() {
        let params = Params::new(8_192, 1, 1, None).unwrap();
        let argon2 = Argon2::new_with_secret(&[1; 32], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let hash = argon2.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap().to_string();
        let verdict = Hasher::new(&[1; 32]).verify(&Password::from("correct horse"), Some(&hash)).await.unwrap();
        assert_eq!(verdict, Verdict::RightButOutdated);
    }

    #[test]
    fn tags_differ_by_purpose_and_by_the_borders_of_their_parts() {
        let hasher = Hasher::new(&[1; 32]);
        assert_eq!(hasher.tag("code", &[b"ab", b"c"]), hasher.tag("code", &[b"ab", b"c"]));
        assert_ne!(hasher.tag("code", &[b"ab", b"c"]), hasher.tag("code", &[b"a", b"bc"]));
        assert_ne!(hasher.tag("code", &[b"ab"]), hasher.tag("spray", &[b"ab"]));
    }
}
