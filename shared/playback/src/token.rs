//! The token in the URLs of a playback session: says which session may read which asset, until when and under which lease.
//!
//! Compact and URL-safe: 101 bytes of claims and their HMAC-SHA256, as base64url. A player cannot send headers with every segment, so this
//! token is all that a playlist request carries.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::{AccountId, AssetId, Id, PlaybackId, ProfileId, TitleId};
use ring::hmac;
use runtime::{FromSecret, Vars};
use time::OffsetDateTime;
use uuid::Uuid;

const VERSION: u8 = 1;
const CLAIM_BYTES: usize = 1 + 5 * 16 + 8 + 4 + 8;
/// Keeps the tags apart from whatever else the same secret may sign one day.
const PURPOSE: &[u8] = b"cinema playback token";

/// What a playback token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaybackClaims {
    pub session: PlaybackId,
    pub account: AccountId,
    pub profile: ProfileId,
    pub title: TitleId,
    /// The asset that was attached to the title when the session began.
    pub asset: AssetId,
    /// The fencing token of the stream-slot lease.
    pub fence: i64,
    /// Highest picture in lines that plan and device allow.
    pub max_height: u32,
    /// First moment at which the token is no longer good; whole seconds.
    pub expires_at: OffsetDateTime,
}

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Malformed, or not signed by us.
    #[error("the playback token is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the playback token has expired")]
    Expired,
}

/// The key that signs playback tokens.
#[derive(Clone)]
pub struct TokenKey(hmac::Key);

impl TokenKey {
    /// A key from at least 32 secret bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token for some claims.
    pub fn seal(&self, claims: &PlaybackClaims) -> String {
        let mut sealed = encode(claims);
        let tag = hmac::sign(&self.0, &signed_part(&sealed));
        sealed.extend_from_slice(tag.as_ref());
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The claims of a token that is ours and still good.
    pub fn open(&self, token: &str, now: OffsetDateTime) -> Result<PlaybackClaims, TokenError> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Invalid)?;
        let (body, tag) = sealed.split_at_checked(CLAIM_BYTES).ok_or(TokenError::Invalid)?;
        hmac::verify(&self.0, &signed_part(body), tag).map_err(|_| TokenError::Invalid)?;
        let claims = decode(body).ok_or(TokenError::Invalid)?;
        if now < claims.expires_at { Ok(claims) } else { Err(TokenError::Expired) }
    }
}

impl FromSecret for TokenKey {
    const SECRET: &'static str = "playback-token";

    fn from_secret(bytes: &[u8], _: &Vars) -> Result<Self, String> {
        Ok(Self::new(bytes))
    }
}

fn signed_part(body: &[u8]) -> Vec<u8> {
    [PURPOSE, body].concat()
}

fn encode(claims: &PlaybackClaims) -> Vec<u8> {
    let mut body = Vec::with_capacity(CLAIM_BYTES + 32);
    body.push(VERSION);
    let ids =
        [claims.session.uuid(), claims.account.uuid(), claims.profile.uuid(), claims.title.uuid(), claims.asset.uuid()];
    for id in ids {
        body.extend_from_slice(id.as_bytes());
    }
    body.extend_from_slice(&claims.fence.to_be_bytes());
    body.extend_from_slice(&claims.max_height.to_be_bytes());
    body.extend_from_slice(&claims.expires_at.unix_timestamp().to_be_bytes());
    body
}

fn decode(body: &[u8]) -> Option<PlaybackClaims> {
    let mut rest = body;
    if take::<1>(&mut rest)? != [VERSION] {
        return None;
    }
    let mut uuid = || take::<16>(&mut rest).map(Uuid::from_bytes);
    let (session, account, profile, title, asset) = (uuid()?, uuid()?, uuid()?, uuid()?, uuid()?);
    Some(PlaybackClaims {
        session: PlaybackId::from_uuid(session),
        account: AccountId::from_uuid(account),
        profile: ProfileId::from_uuid(profile),
        title: TitleId::from_uuid(title),
        asset: AssetId::from_uuid(asset),
        fence: i64::from_be_bytes(take(&mut rest)?),
        max_height: u32::from_be_bytes(take(&mut rest)?),
        expires_at: OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(take(&mut rest)?)).ok()?,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn claims(ids: [u128; 5], fence: i64, max_height: u32) -> PlaybackClaims {
        PlaybackClaims {
            session: PlaybackId::from_uuid(Uuid::from_u128(ids[0])),
            account: AccountId::from_uuid(Uuid::from_u128(ids[1])),
            profile: ProfileId::from_uuid(Uuid::from_u128(ids[2])),
            title: TitleId::from_uuid(Uuid::from_u128(ids[3])),
            asset: AssetId::from_uuid(Uuid::from_u128(ids[4])),
            fence,
            max_height,
            expires_at: NOW + Duration::HOUR,
        }
    }

    #[test]
    fn a_token_ends_and_fits_only_its_key() {
        let key = TokenKey::new(&[1; 32]);
        let token = key.seal(&claims([1, 2, 3, 4, 5], 7, 1080));
        assert_eq!(token.len(), 178);
        assert!(key.open(&token, NOW).is_ok());
        assert_eq!(key.open(&token, NOW + Duration::HOUR), Err(TokenError::Expired));
        assert_eq!(TokenKey::new(&[2; 32]).open(&token, NOW), Err(TokenError::Invalid));
        for text in ["", "abc", "ä", &token[1..], &format!("{token}AA"), &token[..135]] {
            assert_eq!(key.open(text, NOW), Err(TokenError::Invalid), "{text}");
        }
    }

    proptest! {
        #[test]
        fn claims_round_trip(ids: [u128; 5], fence: i64, max_height: u32) {
            let key = TokenKey::new(&[1; 32]);
            let claims = claims(ids, fence, max_height);
            prop_assert_eq!(key.open(&key.seal(&claims), NOW), Ok(claims));
        }

        #[test]
        fn a_changed_token_is_refused(at in 0usize..178, with in 0u8..64) {
            let key = TokenKey::new(&[1; 32]);
            let token = key.seal(&claims([1, 2, 3, 4, 5], 7, 1080));
            let mut changed = token.clone().into_bytes();
            changed[at] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[with as usize];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert!(changed == token || key.open(&changed, NOW) == Err(TokenError::Invalid));
        }
    }
}
