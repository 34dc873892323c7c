//! Looking at a code of the authenticator or a recovery code, and sign-ins that wait for one.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use cinema_http::Problem;
use kernel::{AccountId, World};
use password::Pepper;
use runtime::Key;
use sqlx::PgConnection;
use stores::{PgPool, postgres};

use crate::{
    device::Device,
    host_cookie::HostCookie,
    problems::{Secret, locked},
    second_factor::{Guess, PATIENCE, Waiting, token_digest},
    security_event::Kind,
    store::{
        mfa_tokens, recovery_codes, totp,
        tries::{self, Tried},
    },
    totp::TotpSecret,
};

/// A guess that may be right; only using it up tells.
pub struct Candidate {
    kind: CandidateKind,
    /// What is forgotten when it was right.
    tried: Tried,
}

enum CandidateKind {
    /// The authenticator's code of this step.
    Step(i64),
    /// Digest of a recovery code.
    Recovery(Vec<u8>),
}

runtime::wire! {
    /// Looks at codes.
    pub(crate) struct SecondFactor {
        pool: PgPool,
        pepper: Key<Pepper>,
        world: World,
    }
}

impl SecondFactor {
    /// Counts a try and looks at it; `None`: it is wrong. A device that has signed in before has five tries of its own, and then those of
    /// everybody.
    ///
    /// # Errors
    /// 429 `mfa_locked` for 15 minutes after five wrong codes.
    pub async fn look_at(
        &self,
        account: AccountId,
        guess: &Guess,
        device: Option<&Device>,
    ) -> Result<Option<Candidate>, Problem> {
        let (pepper, now) = (self.pepper.get().await?, self.world.now());
        let count = async |tx: &mut PgConnection| {
            if let Some(tried) = device.map(|device| Tried::SecondFactorOn(device.id()))
                && tries::count(tx, account, &tried, now).await?.is_ok()
            {
                return Ok(Ok(tried));
            }
            let counted = tries::count(tx, account, &Tried::SecondFactor, now).await?;
            Ok::<_, sqlx::Error>(counted.map(|()| Tried::SecondFactor))
        };
        let tried = postgres::transact(&self.pool, count).await?.map_err(|wait| locked(Secret::Code, wait))?;
        let kind = match guess {
            Guess::Recovery(code) => CandidateKind::Recovery(code.digest(pepper, account)),
            Guess::Totp(code) => {
                let Some(sealed) = totp::secret(&self.pool, account).await? else { return Ok(None) };
                let secret = TotpSecret::open(&sealed, pepper, account)?;
                let Some(step) = secret.step_of(code, now) else { return Ok(None) };
                CandidateKind::Step(step)
            }
        };
        Ok(Some(Candidate { kind, tried }))
    }

    /// Uses a candidate up in the transaction of what it is good for; `None`: it was wrong, or used before. The kind is what to log of it.
    pub async fn use_up(
        &self,
        connection: &mut PgConnection,
        account: AccountId,
        candidate: &Candidate,
    ) -> Result<Option<Option<Kind>>, sqlx::Error> {
        let (is_used_now, kind) = match &candidate.kind {
            CandidateKind::Step(step) => (totp::use_step(connection, account, *step).await?, None),
            CandidateKind::Recovery(digest) => {
                let now = self.world.now();
                (recovery_codes::use_up(connection, account, digest, now).await?, Some(Kind::RecoveryCodeUsed))
            }
        };
        if !is_used_now {
            return Ok(None);
        }
        tries::forget(connection, account, &candidate.tried).await?;
        Ok(Some(kind))
    }
}

/// Carries what [`ask`] returns where no body can: over the redirect from another provider.
pub(crate) const WAITING: HostCookie = HostCookie::strict("__Host-mfa", PATIENCE);

/// Keeps a sign-in whose first factor was right until its code comes; the session begins then. Returns the token to be sent with the code, of
/// which only the digest is kept.
pub(crate) async fn ask(pool: &PgPool, waiting: &Waiting, world: &World) -> Result<String, sqlx::Error> {
    let token = BASE64_URL_SAFE_NO_PAD.encode(world.bytes::<32>());
    mfa_tokens::add(pool, &token_digest(&token), waiting, world.now()).await?;
    Ok(token)
}
