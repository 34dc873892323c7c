//! What a client is told when something cannot be done: every code that this service sends more than once.

use cinema_http::{Problem, StatusCode};
use playback::TokenError;

use crate::{active::ActiveStream, admission::Denied, session::Ended};

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
        Ended::Kicked => (
            "session_kicked",
            "Somebody of your account has ended this stream from another device. Start a new one to go on.",
        ),
        Ended::Stopped => ("session_stopped", "This session was stopped. Start a new one."),
        Ended::Expired => ("session_expired", "This session was silent for too long. Start a new one."),
    };
    Problem::new(status, code, detail)
}

/// 409 with the streams that take the slots.
pub fn too_many_streams(streams: Vec<ActiveStream>) -> Problem {
    let detail = "As many films are playing as may play at a time. Stop one of these devices first.";
    Problem::conflict("too_many_streams", detail).with("devices", streams)
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
