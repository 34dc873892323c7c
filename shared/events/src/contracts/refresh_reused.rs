//! `cinema.auth.refresh_reused.v1`: a refresh token came back that was used up, so its login session was ended.

use kernel::{AccountId, SessionId};
use proto::{auth, types};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, parse, subject},
};
use crate::Event;

/// A login session whose token somebody else may have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshReused {
    /// The session.
    pub session: SessionId,
    /// Whose it was.
    pub account: AccountId,
    /// When the token came back.
    pub at: OffsetDateTime,
}

impl RefreshReused {
    /// Reads `refresh_reused`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: auth::RefreshReused = data(event, &[types::REFRESH_REUSED])?;
        Ok(Self {
            session: subject(event, "session_id", &data.session_id)?,
            account: parse("account_id", &data.account_id)?,
            at: event.time,
        })
    }
}
