//! `cinema.user.watchlist_changed.v1`: a profile put a title on its watchlist or took it off.

use kernel::{AccountId, ProfileId, Territory, TitleId};
use proto::{types, user};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, parse, parse_optional, subject},
};
use crate::Event;

/// The newest word of a profile on one title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchlistChange {
    /// Whose list.
    pub profile: ProfileId,
    /// Counts the changes of the list: of two about one title the higher is the newer.
    pub sequence: i64,
    /// Whose profile.
    pub account: AccountId,
    /// Which title.
    pub title: TitleId,
    /// Whether it is there now.
    pub is_listed: bool,
    /// Where the viewer was.
    pub territory: Territory,
    /// When.
    pub at: OffsetDateTime,
}

impl WatchlistChange {
    /// Reads `watchlist_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: user::WatchlistChanged = data(event, &[types::WATCHLIST_CHANGED])?;
        Ok(Self {
            profile: subject(event, "profile_id", &data.profile_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            title: parse("title_id", &data.title_id)?,
            is_listed: data.is_listed,
            territory: parse_optional("territory", &data.territory)?.unwrap_or_else(Territory::unknown),
            at: event.time,
        })
    }
}
