//! `cinema.auth.account_verified.v1`: an account whose address is confirmed.

use kernel::{AccountId, Locale, ProfileId};
use proto::{auth, types};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, locale, moment, parse, subject},
};
use crate::Event;

/// RFC 3696: 64 before the @, 255 after it.
const LONGEST_EMAIL: usize = 320;

/// A verified account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// The verified address.
    pub email: String,
    /// Chosen at registration; English where it is no language that we can write.
    pub locale: Locale,
    /// Minted by auth: the first profile must have this id.
    pub default_profile: ProfileId,
    /// When the address was confirmed.
    pub verified_at: OffsetDateTime,
}

impl Account {
    /// Reads `account_verified`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: auth::AccountVerified = data(event, &[types::ACCOUNT_VERIFIED])?;
        // An address is no text to be cleaned: another one might belong to somebody else.
        if !(1..=LONGEST_EMAIL).contains(&data.email.len()) || data.email.chars().any(char::is_control) {
            return Err(ContractError::new("email", "is no address"));
        }
        Ok(Self {
            id: subject(event, "account_id", &data.account_id)?,
            sequence: event.sequence,
            email: data.email,
            locale: locale(&data.locale).unwrap_or_else(Locale::english),
            default_profile: parse("default_profile_id", &data.default_profile_id)?,
            verified_at: moment("verified_at", &data.verified_at)?,
        })
    }
}
