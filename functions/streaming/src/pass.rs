//! Who may read a session's playlists: the bearer of its token, as long as the session holds its slot.

use cinema_http::{Problem, StatusCode};
use kernel::{
    PlaybackId, World,
    playback_token::{PlaybackClaims, TokenError, TokenKey},
};
use runtime::{Boot, BootError};
use serde::Deserialize;

use crate::{
    secret::Key,
    session::{Lost, Session},
    store::Store,
};

/// The query of a playlist's address. Players may add parameters of their own.
#[derive(Debug, Deserialize)]
pub struct TokenQuery {
    /// The session's token.
    #[serde(default)]
    pub token: String,
}

/// Checks tokens and leases.
#[derive(Clone)]
pub struct Passes {
    key: Key<TokenKey>,
    store: Store,
    world: World,
}

/// The key that signs playback tokens.
pub fn token_key(boot: &Boot) -> Result<Key<TokenKey>, BootError> {
    Key::new(boot, "playback-token", |secret| {
        if secret.len() < 32 { Err("shorter than 32 bytes".to_owned()) } else { Ok(TokenKey::new(secret)) }
    })
}

impl Passes {
    /// Checks against the sessions of `store`.
    pub fn new(boot: &Boot, store: Store) -> Result<Self, BootError> {
        Ok(Self { key: token_key(boot)?, store, world: boot.world() })
    }

    /// What the token allows in session `id`, and the session.
    ///
    /// # Errors
    /// 403 with a code when the token or the session is no longer good, 404 when there is no such session.
    pub async fn admit(&self, id: PlaybackId, token: &str) -> Result<(PlaybackClaims, Session), Problem> {
        if token.is_empty() {
            return Err(Problem::forbidden("token_required", "This address needs the token of its session."));
        }
        let now = self.world.now();
        let claims = self.key.get().await?.open(token, now).map_err(|error| match error {
            TokenError::Invalid => Problem::forbidden("invalid_token", "The token of this address is not valid."),
            TokenError::Expired => {
                Problem::forbidden("token_expired", "This address has expired. Start a new session.")
            }
        })?;
        let unknown = || Problem::not_found("playback session");
        if claims.session != id {
            return Err(unknown());
        }
        let session = self.store.session(id).await?.ok_or_else(unknown)?;
        if session.fence != claims.fence {
            return Err(lost(Lost::Replaced, StatusCode::FORBIDDEN));
        }
        session.standing(now).map_err(|why| lost(why, StatusCode::FORBIDDEN))?;
        Ok((claims, session))
    }
}

/// Why a session may not go on, as an answer.
pub fn lost(why: Lost, status: StatusCode) -> Problem {
    let (code, detail) = match why {
        Lost::Replaced => ("session_replaced", "This device has started another session."),
        Lost::Stopped => ("session_stopped", "This session was stopped. Start a new one."),
        Lost::Expired => ("session_expired", "This session was silent for too long. Start a new one."),
    };
    Problem::new(status, code, detail)
}
