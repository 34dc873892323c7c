//! The present password of somebody who is signed in, as the proof that it is them.

use cinema_http::{Account, Problem};
use kernel::World;
use runtime::{Boot, BootError};
use sqlx::PgPool;

use crate::{
    guard::{CURRENT_PASSWORD, Guard},
    password::Password,
    pepper::{Hasher, Pepper, Verdict},
    security_event::{Kind, SecurityEvent},
    store::{Accounts, Counters, SecurityLog},
    tries::locked,
};

/// The door of passwords in the table of tries; the same for every operation, so that nobody guesses at one after the other.
const DOOR: &str = "password";

/// Looks at present passwords.
#[derive(Clone)]
pub struct CurrentPassword {
    pool: PgPool,
    accounts: Accounts,
    counters: Counters,
    log: SecurityLog,
    pepper: Pepper,
    guard: Guard,
    world: World,
}

impl CurrentPassword {
    /// Postgres, Redis for the limits, and the pepper.
    pub fn wire(boot: &Boot) -> Result<Self, BootError> {
        let pool = boot.postgres()?;
        Ok(Self {
            accounts: Accounts::new(pool.clone()),
            counters: Counters::new(pool.clone()),
            log: SecurityLog::new(pool.clone()),
            pool,
            pepper: Pepper::wire(boot)?,
            guard: Guard::wire(boot)?,
            world: boot.world(),
        })
    }

    /// Counts a try and looks at it: what hashes the next one, and the stored hash.
    ///
    /// # Errors
    /// 403 `wrong_password`, 409 `no_password` for an account that signs in with somebody else's, 429 after five tries in vain.
    pub async fn prove(&self, account: &Account, password: &Password) -> Result<(Hasher, String), Problem> {
        self.guard.knock(&CURRENT_PASSWORD, account.id, &account.origin.address).await?;
        let stored = self.accounts.password_hash(account.id).await?.ok_or_else(|| {
            Problem::conflict("no_password", "This account has no password yet. Set one with \"Forgot password\".")
        })?;
        let hasher = self.pepper.hasher().await?;
        if let Err(wait) = self.counters.count(account.id, DOOR, self.world.now()).await? {
            return Err(locked("password_locked", "passwords", wait));
        }
        if hasher.verify(password, Some(&stored)).await? == Verdict::Wrong {
            let event = SecurityEvent::new(&self.world, account.id, Kind::SignInFailed, &account.origin);
            self.log.record_alone(&event.in_session(account.session)).await?;
            return Err(Problem::forbidden("wrong_password", "This is not the password of the account."));
        }
        let mut connection = self.pool.acquire().await?;
        self.counters.forget(&mut connection, account.id, DOOR).await?;
        self.guard.entered(&CURRENT_PASSWORD, account.id, &account.origin.address).await;
        Ok((hasher, stored))
    }
}
