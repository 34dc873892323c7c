//! `cinema.player.sample_taken.v1`: what a player measured. Quality only: no sample ever makes a view.

use kernel::{PlaybackId, TitleId};
use proto::{player, types};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{
    ContractError,
    fields::{data, line, milliseconds, moment, parse, subject, words},
};
use crate::Event;

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayerSample {
    /// In which session.
    pub session: PlaybackId,
    /// Of what.
    pub title: TitleId,
    /// What happened.
    pub kind: SampleKind,
    /// Its meaning depends on the kind.
    pub value: f64,
    /// Of an error.
    pub code: String,
    /// From the beginning of the film.
    pub position_ms: u32,
    /// What the client's clock said, as it wrote it.
    pub client_time: String,
    /// When, by our clock.
    pub at: OffsetDateTime,
}

words! {
    /// What happened in the player.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    SampleKind {
        /// The first picture; `value` = seconds since the viewer pressed play.
        Startup = "startup",
        /// Playback could not begin; needs `code`.
        StartFailure = "start_failure",
        /// The viewer left before the first picture; `value` = seconds waited.
        ExitBeforeStart = "exit_before_start",
        /// A stall ended; `value` = its seconds.
        Rebuffer = "rebuffer",
        /// The rendition changed; `value` = bits per second.
        Bitrate = "bitrate",
        /// The size of the picture changed; `value` = lines.
        Height = "height",
        /// `value` = frames dropped since the last such sample.
        DroppedFrames = "dropped_frames",
        /// Playback broke; needs `code`.
        Error = "error",
        /// `value` = seconds jumped, negative backwards.
        Seek = "seek",
        /// Paused.
        Pause = "pause",
        /// Played on.
        Resume = "resume",
        /// The end of the title.
        Ended = "ended",
        /// The viewer left.
        Exit = "exit",
    }
}

impl PlayerSample {
    /// Reads `sample_taken`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: player::Sample = data(event, &[types::PLAYER_SAMPLED])?;
        if !data.value.is_finite() {
            return Err(ContractError::new("value", "is no number"));
        }
        Ok(Self {
            session: subject(event, "session_id", &data.session_id)?,
            title: parse("title_id", &data.title_id)?,
            kind: parse("kind", &data.kind)?,
            value: data.value,
            code: line(&data.code),
            position_ms: milliseconds("position_seconds", data.position_seconds)?,
            client_time: line(&data.client_time),
            at: moment("at", &data.at)?,
        })
    }
}
