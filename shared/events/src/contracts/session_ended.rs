//! `cinema.auth.session_ended.v1`: a login session ended before its time, and with it what was proven in it.

use kernel::{AccountId, SessionId};
use proto::{auth, types};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, parse, subject},
};
use crate::Event;

/// A login session that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEnded {
    /// Its id.
    pub session: SessionId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// Whose it was.
    pub account: AccountId,
    /// From when on nothing counts that was proven in it.
    pub ended_at: OffsetDateTime,
}

impl SessionEnded {
    /// Reads `session_ended`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: auth::SessionEnded = data(event, &[types::SESSION_ENDED])?;
        Ok(Self {
            session: subject(event, "session_id", &data.session_id)?,
            sequence: event.sequence,
            account: parse("account_id", &data.account_id)?,
            ended_at: moment("ended_at", &data.ended_at)?,
        })
    }
}
