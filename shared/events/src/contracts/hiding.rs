//! `cinema.user.continue_watching_changed.v1`: a profile hid a title from what it can watch on, or wants to be offered it again.

use kernel::{AccountId, ProfileId, TitleId};
use proto::{types, user};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, optional_moment, parse, subject},
};
use crate::Event;

/// The newest word of a profile on watching a title on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HidingChange {
    /// Whose.
    pub profile: ProfileId,
    /// Counts the changes of the profile: of two about one title the higher is the newer.
    pub sequence: i64,
    /// Whose profile.
    pub account: AccountId,
    /// Which title; it stands for all that belongs to its series.
    pub title: TitleId,
    /// It is not offered until it is played after that; `None`: it is.
    pub hidden_at: Option<OffsetDateTime>,
    /// Grows with the sequence.
    pub changed_at: OffsetDateTime,
}

impl HidingChange {
    /// Reads `continue_watching_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: user::ContinueWatchingChanged = data(event, &[types::CONTINUE_WATCHING_CHANGED])?;
        Ok(Self {
            profile: subject(event, "profile_id", &data.profile_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            title: parse("title_id", &data.title_id)?,
            hidden_at: optional_moment("hidden_at", &data.hidden_at)?,
            changed_at: moment("changed_at", &data.changed_at)?,
        })
    }
}
