//! The present password of somebody who is signed in, as the proof that it is them.

use cinema_http::{Account, Problem};
use kernel::World;
use password::{Password, Pepper, Verdict};
use runtime::Key;
use sqlx::PgConnection;
use stores::{PgPool, postgres};

use super::{
    happened::happened,
    limits::{CURRENT_PASSWORD, Limits},
};
use crate::{
    problems::{Secret, locked},
    security_event::Kind,
    store::{
        credentials, security_events,
        tries::{self, Tried},
    },
};

runtime::wire! {
    /// Looks at present passwords.
    pub(crate) struct CurrentPassword {
        pool: PgPool,
        pepper: Key<Pepper>,
        limits: Limits,
        world: World,
    }
}

impl CurrentPassword {
    /// Counts a try and looks at it: what hashes the next one, and the stored hash.
    ///
    /// # Errors
    /// 403 `wrong_password`, 409 `no_password` for an account that signs in with somebody else's, 429 after five wrong ones.
    pub async fn prove(&self, account: &Account, password: &Password) -> Result<(&Pepper, String), Problem> {
        let counted = self.limits.count(&CURRENT_PASSWORD, account.id, &account.origin.address).await?;
        let stored = credentials::hash(&self.pool, account.id).await?.ok_or_else(|| {
            Problem::conflict("no_password", "This account has no password yet. Set one with \"Forgot password\".")
        })?;
        let (pepper, now) = (self.pepper.get().await?, self.world.now());
        let count = async |tx: &mut PgConnection| tries::count(tx, account.id, &Tried::Password, now).await;
        postgres::transact(&self.pool, count).await?.map_err(|wait| locked(Secret::Password, wait))?;
        if pepper.verify(password, Some(&stored))? == Verdict::Wrong {
            let event = happened(&self.world, account.id, Kind::SignInFailed, &account.origin);
            security_events::add(&self.pool, &event.in_session(account.session)).await?;
            return Err(Problem::forbidden(
                "wrong_password",
                "This is not the password of the account. Try again, or set a new one with \"Forgot password\".",
            ));
        }
        let mut connection = self.pool.acquire().await?;
        tries::forget(&mut connection, account.id, &Tried::Password).await?;
        self.limits.refund(counted).await;
        Ok((pepper, stored))
    }
}
