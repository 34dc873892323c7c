//! `cinema.user.title_record_changed.v1`: what a profile has on record of a title, apart from playing it here.

use kernel::{AccountId, ProfileId, TitleId};
use proto::{types, user};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, number, optional_moment, parse, subject},
};
use crate::Event;

/// The best rating.
const MOST_STARS: u8 = 10;

/// A profile's rating of a title, and whether it was seen elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleRecord {
    /// Whose.
    pub profile: ProfileId,
    /// Counts the changes of the profile: of two about one title the higher is the newer.
    pub sequence: i64,
    /// Whose profile.
    pub account: AccountId,
    /// Which title.
    pub title: TitleId,
    /// 1 to 10; `None`: not rated.
    pub stars: Option<u8>,
    /// When another service showed it; `None`: none did.
    pub seen_elsewhere_at: Option<OffsetDateTime>,
    /// When it changed.
    pub at: OffsetDateTime,
}

impl TitleRecord {
    /// Reads `title_record_changed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: user::TitleRecordChanged = data(event, &[types::TITLE_RECORD_CHANGED])?;
        Ok(Self {
            profile: subject(event, "profile_id", &data.profile_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            title: parse("title_id", &data.title_id)?,
            stars: Some(number("stars", data.stars, MOST_STARS)?).filter(|stars| *stars > 0),
            seen_elsewhere_at: optional_moment("seen_elsewhere_at", &data.seen_elsewhere_at)?,
            at: event.time,
        })
    }
}
