//! `cinema.user.history_erased.v1`: a profile wants forgotten what it watched.

use kernel::{AccountId, ProfileId, TitleId};
use proto::{types, user};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, parse, parse_optional, subject},
};
use crate::Event;

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryErased {
    /// Who watched.
    pub profile: ProfileId,
    /// Its version: the highest is the newest.
    pub sequence: i64,
    /// Whose profile.
    pub account: AccountId,
    /// Absent: everything.
    pub title: Option<TitleId>,
    /// What was watched later stays.
    pub erased_at: OffsetDateTime,
}

impl HistoryErased {
    /// Reads `history_erased`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: user::HistoryErased = data(event, &[types::HISTORY_ERASED])?;
        Ok(Self {
            profile: subject(event, "profile_id", &data.profile_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            title: parse_optional("title_id", &data.title_id)?,
            erased_at: moment("erased_at", &data.erased_at)?,
        })
    }
}
