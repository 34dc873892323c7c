//! Who may read a session's playlists: the bearer of its token, as long as the session holds its slot.

use kernel::{PlaybackId, World};
use playback::{PlaybackClaims, TokenError, TokenKey};
use runtime::{Access, Key};
use stores::{StoreError, Table};

use crate::{
    session::{Ended, Session},
    store::sessions,
    title::Title,
};

runtime::wire! {
    /// Checks tokens and leases.
    pub struct Admission {
        key: Key<TokenKey>,
        table: Table = |boot| boot.table("playback", Access::Read),
        world: World,
    }
}

/// Why somebody may not read a session's playlists.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The token is none of ours, or its time is over.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There is no such session, or the token is another session's.
    #[error("there is no such session")]
    UnknownSession,
    /// The session does not hold its slot any more.
    #[error("the session has ended")]
    Ended(Ended),
    /// The table or the key cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Admission {
    /// What the token allows in session `id`, the session, and its title as it is now; in one call.
    pub async fn admit(&self, id: PlaybackId, token: &str) -> Result<(PlaybackClaims, Session, Option<Title>), Denied> {
        let now = self.world.now();
        let claims = self.key.get().await?.open(token, now)?;
        if claims.session != id {
            return Err(Denied::UnknownSession);
        }
        let found = sessions::with_title(&self.table, id, claims.title).await?;
        let (session, title) = found.ok_or(Denied::UnknownSession)?;
        if session.fence != claims.fence {
            return Err(Denied::Ended(Ended::Replaced));
        }
        session.check_live(now).map_err(Denied::Ended)?;
        Ok((claims, session, title))
    }
}
