//! `cinema.streaming.playback_*.v1`: the state of a playback session.

use kernel::{AccountId, AssetId, PlaybackId, ProfileId, Territory, TitleId};
use proto::{streaming, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, line, milliseconds, moment, parse, parse_optional, subject, words},
};
use crate::Event;

/// A playback session after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playback {
    /// The session.
    pub session: PlaybackId,
    /// Its version: the highest wins.
    pub sequence: i64,
    /// What happened.
    pub change: PlaybackChange,
    /// How it stands.
    pub state: PlaybackState,
    /// Whose.
    pub account: AccountId,
    /// Who watches.
    pub profile: ProfileId,
    /// What.
    pub title: TitleId,
    /// The film behind it.
    pub asset: AssetId,
    /// On what, as the client names it.
    pub device: String,
    /// Where.
    pub territory: Territory,
    /// From the beginning of the film.
    pub position_ms: u32,
    /// Of the film, really played so far.
    pub watched_ms: u32,
    /// Of the film in all.
    pub duration_ms: u32,
    /// When the session began.
    pub started_at: OffsetDateTime,
    /// When this was so.
    pub at: OffsetDateTime,
}

words! {
    /// What happened to a session.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    PlaybackChange {
        /// It began.
        Started = "started",
        /// The player told how far it is.
        Progressed = "progressed",
        /// Somebody ended it.
        Stopped = "stopped",
        /// The player fell silent.
        Expired = "expired",
    }

    /// How a session stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    PlaybackState {
        /// The picture moves.
        Playing = "playing",
        /// The viewer holds it.
        Paused = "paused",
        /// The network holds it.
        Buffering = "buffering",
        /// Somebody ended it.
        Stopped = "stopped",
        /// The player fell silent.
        Expired = "expired",
    }
}

impl Playback {
    /// The events that [`Playback::read`] reads.
    pub const TYPES: &[&str] =
        &[types::PLAYBACK_STARTED, types::PLAYBACK_PROGRESSED, types::PLAYBACK_STOPPED, types::PLAYBACK_EXPIRED];

    /// Reads any of the four.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: streaming::Playback = data(event, Self::TYPES)?;
        Ok(Self {
            session: subject(event, "session_id", &data.session_id)?,
            sequence: event.sequence,
            change: match event.kind.as_str() {
                types::PLAYBACK_STARTED => PlaybackChange::Started,
                types::PLAYBACK_PROGRESSED => PlaybackChange::Progressed,
                types::PLAYBACK_STOPPED => PlaybackChange::Stopped,
                _ => PlaybackChange::Expired,
            },
            state: parse("state", &data.state)?,
            account: parse("account_id", &data.account_id)?,
            profile: parse("profile_id", &data.profile_id)?,
            title: parse("title_id", &data.title_id)?,
            asset: parse("asset_id", &data.asset_id)?,
            device: line(&data.device_id),
            territory: parse_optional("territory", &data.territory)?.unwrap_or_else(Territory::unknown),
            position_ms: milliseconds("position_seconds", data.position_seconds)?,
            watched_ms: milliseconds("watched_seconds", data.watched_seconds)?,
            duration_ms: milliseconds("duration_seconds", data.duration_seconds)?,
            started_at: moment("started_at", &data.started_at)?,
            at: moment("at", &data.at)?,
        })
    }
}
