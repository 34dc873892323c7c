//! Who is calling, as auth alone can tell: an access token outlives its session by minutes, but not in this service's own functions.

use std::ops::Deref;

use cinema_http::{
    Account, KnowsSessions, LoginSessions, Problem,
    axum::{extract::FromRequestParts, http::request::Parts},
    live::{Standing, session_revoked},
};
use kernel::{SessionId, World};
use stores::{PgPool, StoreError};

use crate::store::sessions::{self, Login};

runtime::wire! {
    /// The rows of login sessions.
    pub(crate) struct SessionRows {
        pool: PgPool,
        world: World,
    }
}

impl LoginSessions for SessionRows {
    async fn standing(&self, session: SessionId) -> Result<Option<Standing>, StoreError> {
        let found = sessions::has_authenticator(&self.pool, session, self.world.now()).await?;
        Ok(found.map(|has_authenticator| Standing { has_authenticator: Some(has_authenticator) }))
    }
}

impl SessionRows {
    /// The session of an access token.
    ///
    /// # Errors
    /// 401 `session_revoked` when it has ended.
    pub async fn login_of(&self, account: &Account) -> Result<Login, Problem> {
        let login = sessions::live(&self.pool, (account.id, account.session), self.world.now()).await?;
        login.ok_or_else(session_revoked)
    }
}

/// [`runtime::wire!`] for the state of an operation that takes a [`LiveAccount`] or a proof: adds the field `sessions`.
macro_rules! wire_with_sessions {
    ($(#[$attribute:meta])* $vis:vis struct $name:ident { $($fields:tt)* }) => {
        runtime::wire! {
            $(#[$attribute])*
            $vis struct $name {
                sessions: crate::operations::steps::live_account::SessionRows,
                $($fields)*
            }
        }

        impl cinema_http::KnowsSessions for $name {
            type Sessions = crate::operations::steps::live_account::SessionRows;

            fn sessions(&self) -> &Self::Sessions {
                &self.sessions
            }
        }
    };
}

pub(crate) use wire_with_sessions;

/// An account whose login session has not ended, with all that the session knows. 401 `session_revoked` otherwise.
pub(crate) struct LiveAccount {
    account: Account,
    pub login: Login,
}

impl Deref for LiveAccount {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}

impl<S> FromRequestParts<S> for LiveAccount
where
    S: KnowsSessions<Sessions = SessionRows> + Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let account = Account::from_request_parts(parts, state).await?;
        let login = state.sessions().login_of(&account).await?;
        Ok(Self { account, login })
    }
}
