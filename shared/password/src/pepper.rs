//! The secret that a stolen database lacks: input of every password and PIN hash, and key of what is too short to be hashed without one.

use std::sync::{Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::World;
use ring::hmac;
use runtime::{FromSecret, Vars};
use stores::StoreError;

use crate::{Password, Pin};

/// argon2id as OWASP asks for: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_BYTES: usize = 32;
/// Costs as much as a real hash and fits no password; for addresses that nobody has registered.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not.
    Wrong,
    /// It is, and the hash is as good as a new one.
    Right,
    /// It is, but a new hash would be made with other parameters or of another spelling.
    RightButOutdated,
}

/// Hashes and compares, in place: an environment serves one request, so nobody waits for the 20 to 50 ms, and one piece of memory is enough
/// for its whole life. On blocking threads each kept 19 MiB of its own: 339 MiB after 200 sign-ins.
pub struct Pepper {
    bytes: Box<[u8]>,
    tags: hmac::Key,
    memory: Mutex<Vec<Block>>,
}

impl FromSecret for Pepper {
    const SECRET: &'static str = "pepper";

    fn from_secret(bytes: &[u8], _: &Vars) -> Result<Self, String> {
        Ok(Self::new(bytes))
    }
}

impl Pepper {
    /// With bytes of one's own.
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), tags: hmac::Key::new(hmac::HMAC_SHA256, bytes), memory: Mutex::default() }
    }

    /// A new hash as a PHC string.
    ///
    /// # Errors
    /// None that a password can cause.
    pub fn hash(&self, world: &World, password: &Password) -> Result<String, StoreError> {
        self.hash_bytes(world, password.as_str().as_bytes())
    }

    /// A PIN's hash, which [`verify`](Self::verify) compares like a password's.
    ///
    /// # Errors
    /// None that a PIN can cause.
    pub fn hash_pin(&self, world: &World, pin: &Pin) -> Result<String, StoreError> {
        self.hash_bytes(world, pin.digits())
    }

    /// Compares with a PHC string, or does the same work for nobody.
    ///
    /// # Errors
    /// When `phc` is none.
    pub fn verify(&self, password: &Password, phc: Option<&str>) -> Result<Verdict, StoreError> {
        let stored = PasswordHash::new(phc.unwrap_or(NOBODY)).map_err(broken)?;
        let params = Params::try_from(&stored).map_err(broken)?;
        let is_current = (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
            && stored.algorithm.as_str() == Algorithm::Argon2id.as_str();
        if self.fits(password.as_str(), &stored, &params)? {
            return Ok(if is_current { Verdict::Right } else { Verdict::RightButOutdated });
        }
        match password.typed() {
            Some(typed) if self.fits(typed, &stored, &params)? => Ok(Verdict::RightButOutdated),
            _ => Ok(Verdict::Wrong),
        }
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

    /// Tells equal PINs apart from different ones without giving either away; not for storing as a digest of a PIN alone.
    pub fn mark(&self, pin: &Pin) -> String {
        BASE64_STANDARD.encode(self.tag("profile pin", &[pin.digits()]))
    }

    fn hash_bytes(&self, world: &World, text: &[u8]) -> Result<String, StoreError> {
        let salt: [u8; 16] = world.bytes();
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).map_err(broken)?;
        let mut output = [0; OUTPUT_BYTES];
        self.derive((Algorithm::Argon2id, Version::V0x13, &params), text, &salt, &mut output)?;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(broken)?,
            salt: Some(Salt::new(&salt).map_err(broken)?),
            hash: Some(Output::new(&output).map_err(broken)?),
        };
        Ok(phc.to_string())
    }

    fn fits(&self, text: &str, stored: &PasswordHash, params: &Params) -> Result<bool, StoreError> {
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(broken)?;
        let version = stored.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(broken)?;
        let (Some(salt), Some(hash)) = (&stored.salt, &stored.hash) else {
            return Err(StoreError { engine: "argon2", detail: "a hash without salt or output".to_owned() });
        };
        let mut output = vec![0; hash.len()];
        self.derive((algorithm, version, params), text.as_bytes(), salt, &mut output)?;
        // `Output` compares in constant time.
        Ok(Output::new(&output).map_err(broken)? == *hash)
    }

    fn derive(
        &self,
        (algorithm, version, params): (Algorithm, Version, &Params),
        text: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), StoreError> {
        let argon2 = Argon2::new_with_secret(&self.bytes, algorithm, version, params.clone()).map_err(broken)?;
        // What a panic left behind is overwritten by the first pass.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() < params.block_count() {
            memory.resize(params.block_count(), Block::default());
        }
        argon2.hash_password_into_with_memory(text, salt, output, memory.as_mut_slice()).map_err(broken)
    }
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError { engine: "argon2", detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    fn world() -> World {
        World::replay(time::OffsetDateTime::UNIX_EPOCH, 1).0
    }

    fn reference(pepper: &[u8]) -> Argon2<'_> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).unwrap()
    }

    #[test]
    fn only_the_right_password_with_the_right_pepper_fits() {
        let pepper = Pepper::new(&[1; 32]);
        let password = Password::from("correct horse");
        let hash = pepper.hash(&world(), &password).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(pepper.verify(&password, Some(&hash)).unwrap(), Verdict::Right);
        assert_eq!(pepper.verify(&Password::from("wrong horse"), Some(&hash)).unwrap(), Verdict::Wrong);
        assert_eq!(Pepper::new(&[2; 32]).verify(&password, Some(&hash)).unwrap(), Verdict::Wrong);
        assert_eq!(pepper.verify(&password, None).unwrap(), Verdict::Wrong);
        assert!(pepper.verify(&password, Some("")).is_err());
    }

    #[test]
    fn used_memory_changes_no_hash() {
        let (pepper, password) = (Pepper::new(&[1; 32]), Password::from("correct horse"));
        for _ in 0..3 {
            let hash = pepper.hash(&world(), &password).unwrap();
            assert!(reference(&[1; 32]).verify_password(b"correct horse", hash.as_str()).is_ok());
        }
        assert_eq!(pepper.memory.lock().unwrap().len(), 19_456);
        let foreign = reference(&[1; 32]).hash_password_with_salt(b"correct horse", &[7; 16]).unwrap().to_string();
        assert_eq!(pepper.verify(&password, Some(&foreign)).unwrap(), Verdict::Right);
    }

    #[test]
    fn a_hash_of_other_parameters_is_recognised_as_outdated() {
        let params = Params::new(8_192, 1, 1, None).unwrap();
        let argon2 = Argon2::new_with_secret(&[1; 32], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let hash = argon2.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap().to_string();
        let verdict = Pepper::new(&[1; 32]).verify(&Password::from("correct horse"), Some(&hash)).unwrap();
        assert_eq!(verdict, Verdict::RightButOutdated);
    }

    #[test]
    fn a_password_fits_however_its_characters_were_composed() {
        let pepper = Pepper::new(&[1; 32]);
        let (composed, decomposed) = ("мой пароль", "мои\u{306} пароль");
        let hash = pepper.hash(&world(), &Password::from(decomposed)).unwrap();
        for typed in [composed, decomposed] {
            assert_eq!(pepper.verify(&Password::from(typed), Some(&hash)).unwrap(), Verdict::Right);
        }
        let old = reference(&[1; 32]).hash_password_with_salt(decomposed.as_bytes(), &[7; 16]).unwrap().to_string();
        assert_eq!(pepper.verify(&Password::from(decomposed), Some(&old)).unwrap(), Verdict::RightButOutdated);
        assert_eq!(pepper.verify(&Password::from(composed), Some(&old)).unwrap(), Verdict::Wrong);
    }

    #[test]
    fn a_pin_is_compared_like_a_password_and_its_mark_tells_pins_apart() {
        let pin = |text: &str| serde_json::from_value::<Pin>(text.into()).unwrap();
        let pepper = Pepper::new(b"pepper-pepper-pepper");
        let hash = pepper.hash_pin(&world(), &pin("4711")).unwrap();
        assert_eq!(pepper.verify(&Password::from("4711"), Some(&hash)).unwrap(), Verdict::Right);
        assert_eq!(pepper.verify(&Password::from("4712"), Some(&hash)).unwrap(), Verdict::Wrong);
        assert_eq!(
            Pepper::new(b"another pepper").verify(&Password::from("4711"), Some(&hash)).unwrap(),
            Verdict::Wrong
        );
        assert_eq!(pepper.mark(&pin("4711")), pepper.mark(&pin("4711")));
        assert_ne!(pepper.mark(&pin("4711")), pepper.mark(&pin("4712")));
        assert_ne!(pepper.mark(&pin("4711")), Pepper::new(b"another pepper").mark(&pin("4711")));
    }

    #[test]
    fn tags_differ_by_purpose_and_by_the_borders_of_their_parts() {
        let pepper = Pepper::new(&[1; 32]);
        assert_eq!(pepper.tag("code", &[b"ab", b"c"]), pepper.tag("code", &[b"ab", b"c"]));
        assert_ne!(pepper.tag("code", &[b"ab", b"c"]), pepper.tag("code", &[b"a", b"bc"]));
        assert_ne!(pepper.tag("code", &[b"ab"]), pepper.tag("spray", &[b"ab"]));
    }
}
