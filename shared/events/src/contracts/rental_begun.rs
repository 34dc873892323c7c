//! `cinema.streaming.rental_begun.v1`: the first second of a rented title was played.

use kernel::{AccountId, PlaybackId, PurchaseId, TitleId};
use proto::{streaming, types};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, parse, subject},
};
use crate::Event;

/// A session has begun a rental. Of several sessions the earliest moment counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RentalBegun {
    /// Which session.
    pub session: PlaybackId,
    /// The session's version.
    pub sequence: i64,
    /// Who watches.
    pub account: AccountId,
    /// What.
    pub title: TitleId,
    /// What it was rented by.
    pub purchase: PurchaseId,
    /// When the first second was played.
    pub begun_at: OffsetDateTime,
}

impl RentalBegun {
    /// Reads `rental_begun`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: streaming::RentalBegun = data(event, &[types::RENTAL_BEGUN])?;
        Ok(Self {
            session: subject(event, "session_id", &data.session_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            title: parse("title_id", &data.title_id)?,
            purchase: parse("purchase_id", &data.purchase_id)?,
            begun_at: moment("begun_at", &data.begun_at)?,
        })
    }
}
