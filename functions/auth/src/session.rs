//! Refresh tokens: a family per sign-in, of which one token lives at a time.
//!
//! The successor of a token is derived, r(n+1) = HMAC-SHA256(family key, r(n)), so whoever presents the previous token again – another tab, or
//! a client whose answer was lost – gets the same successor without anything secret being stored: the store holds SHA-256 digests only, from
//! which neither a token nor its successor follows. Anything older means that two parties hold the family, and it ends for both.
//!
//! A token carries a second value under the family key, which tells an old token of the family from one that somebody made up: knowing a
//! session's id must not be enough to end it.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::SessionId;
use ring::{digest, hmac};
use time::{Duration, OffsetDateTime};

#[cfg(test)]
mod tests;

/// How long the previous token still gets the same successor.
pub const GRACE: Duration = Duration::seconds(30);
/// A family that nobody refreshes for this long ends.
pub const IDLE: Duration = Duration::days(30);
/// No family lives longer.
pub const ABSOLUTE: Duration = Duration::days(180);

const SECRET_BYTES: usize = 32;
const PROOF_BYTES: usize = 32;
const PROOF_PURPOSE: &[u8] = b"proof of descent";

/// SHA-256 of a token's secret.
pub type Digest = [u8; 32];

/// A token as a client holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    secret: [u8; SECRET_BYTES],
    proof: [u8; PROOF_BYTES],
}

impl RefreshToken {
    /// Reads what a client sent; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let (session, rest) = text.split_once('.')?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(rest).ok()?;
        let (secret, proof) = bytes.split_at_checked(SECRET_BYTES)?;
        Some(Self { session: session.parse().ok()?, secret: secret.try_into().ok()?, proof: proof.try_into().ok()? })
    }

    /// The family it claims to belong to.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// For the client.
    pub fn reveal(&self) -> String {
        let bytes = [self.secret, self.proof].concat();
        format!("{}.{}", self.session, BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    fn digest(&self) -> Digest {
        let mut digest = [0; 32];
        digest.copy_from_slice(digest::digest(&digest::SHA256, &self.secret).as_ref());
        digest
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken of {}", self.session)
    }
}

/// The key of a family.
#[derive(Clone, PartialEq, Eq)]
pub struct FamilyKey(pub [u8; 32]);

impl FamilyKey {
    fn sign(&self, message: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), message);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    fn token(&self, session: SessionId, secret: [u8; SECRET_BYTES]) -> RefreshToken {
        let proof = self.sign(&[PROOF_PURPOSE, &secret].concat());
        RefreshToken { session, secret, proof }
    }

    fn successor(&self, token: &RefreshToken) -> RefreshToken {
        self.token(token.session, self.sign(&token.secret))
    }

    fn has_made(&self, token: &RefreshToken) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hmac::verify(&key, &[PROOF_PURPOSE, &token.secret].concat(), &token.proof).is_ok()
    }
}

impl fmt::Debug for FamilyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FamilyKey")
    }
}

/// What is stored of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its session.
    pub session: SessionId,
    /// Derives tokens.
    pub key: FamilyKey,
    /// Digest of the live token.
    pub current: Digest,
    /// Digest of the one before.
    pub previous: Option<Digest>,
    /// When the live token was made.
    pub rotated_at: OffsetDateTime,
    /// When the family began.
    pub created_at: OffsetDateTime,
    /// When it was ended before its time.
    pub revoked_at: Option<OffsetDateTime>,
}

/// What presenting a token comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Store the family as it is then and hand out its new token.
    Rotate(Box<Family>, RefreshToken),
    /// Hand out the live token once more.
    Repeat(RefreshToken),
    /// An old token is in use: revoke the family and tell.
    Reused,
    /// The family was ended.
    Revoked,
    /// The family's time is over.
    Expired,
    /// Not a token of the family.
    Unknown,
}

impl Family {
    /// A new family with its first token.
    pub fn begin(session: SessionId, key: [u8; 32], secret: [u8; 32], now: OffsetDateTime) -> (Self, RefreshToken) {
        let key = FamilyKey(key);
        let token = key.token(session, secret);
        let family = Self {
            session,
            key,
            current: token.digest(),
            previous: None,
            rotated_at: now,
            created_at: now,
            revoked_at: None,
        };
        (family, token)
    }

    /// Whether it can still be used.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && !self.is_expired(now)
    }

    fn is_expired(&self, now: OffsetDateTime) -> bool {
        now >= self.rotated_at + IDLE || now >= self.created_at + ABSOLUTE
    }

    /// Decides on a token.
    pub fn present(&self, token: &RefreshToken, now: OffsetDateTime) -> Decision {
        if token.session != self.session || !self.key.has_made(token) {
            return Decision::Unknown;
        }
        if self.revoked_at.is_some() {
            return Decision::Revoked;
        }
        if self.is_expired(now) {
            return Decision::Expired;
        }
        let digest = token.digest();
        if digest == self.current {
            let next = self.key.successor(token);
            let family = Self { current: next.digest(), previous: Some(digest), rotated_at: now, ..self.clone() };
            return Decision::Rotate(Box::new(family), next);
        }
        if self.previous == Some(digest) && now - self.rotated_at <= GRACE {
            return Decision::Repeat(self.key.successor(token));
        }
        Decision::Reused
    }
}
