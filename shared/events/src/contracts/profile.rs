//! `cinema.user.profile_changed.v1` and `profile_secret_changed.v1`: a viewer profile, and the digest of its PIN.

use std::fmt;

use kernel::{AccountId, Locale, ProfileId, policy::ADULT};
use proto::{types, user};

use super::{
    ContractError,
    fields::{data, line, locale, number, parse, subject},
};
use crate::Event;

/// The newest state of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// Whose it is.
    pub account: AccountId,
    /// What the person calls it.
    pub name: String,
    /// The name of a picture.
    pub avatar: String,
    /// Its language; English where it is none that we can write.
    pub locale: Locale,
    /// The highest age rating it may see, 0–18.
    pub max_rating: u8,
    /// Whether a new token carries it.
    pub is_default: bool,
    /// Whether choosing it takes a PIN.
    pub has_pin: bool,
    /// Whether it is gone.
    pub is_deleted: bool,
}

impl Profile {
    /// Reads `profile_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: user::ProfileChanged = data(event, &[types::PROFILE_CHANGED])?;
        Ok(Self {
            id: subject(event, "profile_id", &data.profile_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            name: line(&data.name),
            avatar: line(&data.avatar),
            locale: locale(&data.locale).unwrap_or_else(Locale::english),
            max_rating: number("max_rating", data.max_rating, ADULT)?,
            is_default: data.is_default,
            has_pin: data.has_pin,
            is_deleted: data.deleted,
        })
    }
}

/// The newest PIN of a profile. Never on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSecret {
    /// The profile.
    pub id: ProfileId,
    /// The secret's version: the highest wins.
    pub sequence: i64,
    /// Whose it is.
    pub account: AccountId,
    /// Absent: no PIN.
    pub pin: Option<PinDigest>,
}

/// A PHC string of argon2id. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct PinDigest(String);

impl PinDigest {
    /// The string itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PinDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinDigest")
    }
}

impl ProfileSecret {
    /// Reads `profile_secret_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps. It never quotes the digest.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: user::ProfileSecretChanged = data(event, &[types::PROFILE_SECRET_CHANGED])?;
        let is_digest = |text: &str| text.starts_with("$argon2id$") && text.bytes().all(|byte| byte.is_ascii_graphic());
        let pin = match data.pin_digest.as_str() {
            "" => None,
            digest if is_digest(digest) => Some(PinDigest(data.pin_digest.clone())),
            _ => return Err(ContractError::new("pin_digest", "is no PHC string of argon2id")),
        };
        Ok(Self {
            id: subject(event, "profile_id", &data.profile_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            pin,
        })
    }
}
