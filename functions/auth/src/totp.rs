//! Codes of an authenticator (RFC 6238): SHA-1, six digits, 30 s, what every authenticator can do.

use kernel::{AccountId, World};
use password::Pepper;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use time::{Duration, OffsetDateTime};
use totp_rs::{Algorithm, Builder, Totp};

use crate::email::Email;

/// How long an authenticator has to be confirmed.
pub const ENROLMENT: Duration = Duration::minutes(10);
/// Who the account is with, as the authenticator shows it.
const ISSUER: &str = "Online Cinema";

const SECRET_BYTES: usize = 20;
const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// Clocks may differ by so many steps.
const SKEW_STEPS: u16 = 1;

/// What an authenticator and this service share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

/// The stored secret cannot be opened: the pepper is another one, or the row is of another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authenticator's secret cannot be decrypted")]
pub struct SealError;

impl TotpSecret {
    /// A fresh one.
    pub fn new(world: &World) -> Self {
        Self(world.bytes())
    }

    /// For typing it in.
    pub fn base32(&self) -> String {
        totp_rs::Secret::from(self.0).to_base32()
    }

    /// For a picture to scan (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
    pub fn uri(&self, email: &Email) -> String {
        let issuer = ISSUER.replace(' ', "%20");
        let account = escaped(email.as_str());
        let secret = self.base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The step that a code belongs to, unless it is wrong or too old.
    pub fn step_of(&self, code: &str, now: OffsetDateTime) -> Option<i64> {
        let now = u64::try_from(now.unix_timestamp()).ok()?;
        i64::try_from(self.totp().check(code, now)?).ok()
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(SKEW_STEPS)
            .with_secret(self.0)
            .build_noncompliant()
    }

    /// For the store: a stolen database alone makes no codes, and a row moved to another account does not open.
    pub fn seal(&self, pepper: &Pepper, account: AccountId, world: &World) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = world.bytes();
        let mut text = self.0.to_vec();
        let aad = Aad::from(account.to_string());
        let sealed = key(pepper)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text);
        sealed.map_err(|_| SealError)?;
        Ok([nonce.as_slice(), &text].concat())
    }

    /// From the store.
    pub fn open(sealed: &[u8], pepper: &Pepper, account: AccountId) -> Result<Self, SealError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut text = text.to_vec();
        let aad = Aad::from(account.to_string());
        let opened = key(pepper)?.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text);
        let secret: &[u8] = opened.map_err(|_| SealError)?;
        Ok(Self(secret.try_into().map_err(|_| SealError)?))
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret")
    }
}

fn key(pepper: &Pepper) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, &pepper.tag("key of totp secrets", &[])).map_err(|_| SealError)?;
    Ok(LessSafeKey::new(key))
}

/// An address in a URI: everything but letters, digits and `-._~` as percent and hex.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    fn shown(secret: &TotpSecret, at: OffsetDateTime) -> String {
        secret.totp().generate(at.unix_timestamp().unsigned_abs()).to_string()
    }

    fn account(byte: u8) -> AccountId {
        AccountId::from_parts(at(0), [byte; 10])
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six digits.
        let secret = TotpSecret(*b"12345678901234567890");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(shown(&secret, at(seconds)), code);
            assert_eq!(secret.step_of(code, at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_step_late() {
        let secret = TotpSecret(*b"12345678901234567890");
        let code = shown(&secret, at(3000));
        for (seconds, is_good) in [(2940, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(secret.step_of(&code, at(seconds)).is_some(), is_good, "{seconds}");
        }
        for wrong in ["", "12345", "1234567", "12345a", "+12345", "１２３４５６"] {
            assert_eq!(secret.step_of(wrong, at(3000)), None, "{wrong}");
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_account_and_pepper_only() {
        let (world, _) = World::replay(at(0), 1);
        let secret = TotpSecret::new(&world);
        let pepper = Pepper::new(&[1; 32]);
        let sealed = secret.seal(&pepper, account(1), &world).unwrap();
        assert!(!sealed.windows(4).any(|bytes| secret.0.windows(4).any(|part| part == bytes)));
        assert_eq!(TotpSecret::open(&sealed, &pepper, account(1)), Ok(secret.clone()));
        assert_eq!(TotpSecret::open(&sealed, &pepper, account(2)), Err(SealError));
        assert_eq!(TotpSecret::open(&sealed, &Pepper::new(&[2; 32]), account(1)), Err(SealError));
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert_eq!(TotpSecret::open(&changed, &pepper, account(1)), Err(SealError));
        assert_eq!(TotpSecret::open(&sealed[..5], &pepper, account(1)), Err(SealError));
        assert_ne!(sealed, secret.seal(&pepper, account(1), &world).unwrap());
    }

    #[test]
    fn the_uri_names_issuer_and_address() {
        let uri = TotpSecret([0; 20]).uri(&"a+b@example.com".parse().unwrap());
        let expected = "otpauth://totp/Online%20Cinema:a%2Bb%40example.com?secret=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
                        &issuer=Online%20Cinema&algorithm=SHA1&digits=6&period=30";
        assert_eq!(uri, expected);
    }
}
