//! What a client is told when something cannot be done: every code that this service sends more than once.

use cinema_http::{Problem, StatusCode};
use kernel::{PlaybackId, TitleId};
use playback::TokenError;
use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};

use crate::{admission::Denied, lease::Lease, session::Ended, start::Refused};

/// 404: there is none, or it is another account's.
pub fn unknown_session() -> Problem {
    Problem::not_found("playback session")
}

/// 404: the film's files are gone.
pub fn unknown_film() -> Problem {
    Problem::not_found("film")
}

/// 503: each attempt found a change that another request of the account had made meanwhile.
pub fn too_busy() -> Problem {
    Problem::unavailable("temporarily_unavailable", "other requests of the account were faster in each attempt")
}

/// Why a session may not go on: 410 for the player that reports, 403 for the address that carries its token.
pub fn session_ended(why: Ended, status: StatusCode) -> Problem {
    let (code, detail) = match why {
        Ended::Replaced => {
            ("session_replaced", "This device has started another session. Go on there, or start a new one here.")
        }
        Ended::Stopped => ("session_stopped", "This session was stopped. Start a new one."),
        Ended::Expired => ("session_expired", "This session was silent for too long. Start a new one."),
    };
    Problem::new(status, code, detail)
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Token(TokenError::Invalid) => {
                Self::forbidden("invalid_token", "The token of this address is not valid. Start a new session.")
            }
            Denied::Token(TokenError::Expired) => {
                Self::forbidden("token_expired", "This address has expired. Start a new session.")
            }
            Denied::UnknownSession => unknown_session(),
            Denied::Ended(why) => session_ended(why, StatusCode::FORBIDDEN),
            Denied::Store(error) => error.into(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Policy(refusal) => refusal.into(),
            Refused::SlotsFull(leases) => {
                let devices: Vec<_> = leases.iter().map(ActiveDevice::from).collect();
                let detail = "Your plan's streams are all in use. Stop one of these devices first.";
                Self::conflict("too_many_streams", detail).with("devices", devices)
            }
        }
    }
}

/// A device that holds a slot, in the list of `too_many_streams`.
#[derive(Serialize)]
struct ActiveDevice<'a> {
    session_id: PlaybackId,
    device_id: &'a str,
    device_name: Option<&'a str>,
    title_id: TitleId,
    #[serde(with = "rfc3339")]
    started_at: OffsetDateTime,
}

impl<'a> From<&'a Lease> for ActiveDevice<'a> {
    fn from(lease: &'a Lease) -> Self {
        Self {
            session_id: lease.session,
            device_id: &lease.device_id,
            device_name: lease.device_name.as_deref(),
            title_id: lease.title,
            started_at: lease.started_at,
        }
    }
}
