//! `cinema.catalog.title_leaving.v1`: the last window of some territories ends soon.

use kernel::{Territory, TitleId};
use proto::{catalog, types};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, number, parse_all, subject},
};
use crate::Event;

/// The earliest announcement.
const MOST_DAYS: u16 = 30;

/// A title that stops being offered. One end is announced once for each number of days: title, end and days name the announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleLeaving {
    /// Which title.
    pub title: TitleId,
    /// The title's version that the announcement was made from.
    pub sequence: i64,
    /// First moment without it.
    pub ends_at: OffsetDateTime,
    /// At most so many are left: 30, 7 or 1.
    pub days: u16,
    /// When it was announced.
    pub announced_at: OffsetDateTime,
    territories: Vec<Territory>,
    elsewhere: bool,
    named: Vec<Territory>,
}

impl TitleLeaving {
    /// Reads `title_leaving`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: catalog::TitleLeaving = data(event, &[types::TITLE_LEAVING])?;
        Ok(Self {
            title: subject(event, "title_id", &data.title_id)?,
            sequence: event.sequence,
            ends_at: moment("ends_at", &data.ends_at)?,
            days: number("days", data.days, MOST_DAYS)?,
            announced_at: event.time,
            territories: parse_all("territories", &data.territories)?,
            elsewhere: data.elsewhere,
            named: parse_all("named", &data.named)?,
        })
    }

    /// Whether the title leaves this territory.
    pub fn concerns(&self, territory: &Territory) -> bool {
        self.territories.contains(territory) || (self.elsewhere && !self.named.contains(territory))
    }
}
