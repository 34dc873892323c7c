//! Signs access tokens with the current key, which is read once and kept for five minutes.

use std::sync::{Arc, PoisonError, RwLock};

use cinema_http::{
    Problem,
    token::{AUDIENCE, Claims, ISSUER, LIFETIME, Signer},
};
use kernel::{ProfileId, SessionId, World};
use runtime::{Access, Boot, BootError, Wire};
use secrecy::ExposeSecret;
use stores::SecretHandle;
use time::{Duration, OffsetDateTime};

use crate::{
    keyring::KeyRing, person::Person, problems::keys_unavailable, profile::Profile, proof::Proof, token::Token,
};

const KEEP: Duration = Duration::minutes(5);
/// While the key cannot be read, the last one is good for this much longer before the next attempt.
const RETRY: Duration = Duration::seconds(30);
/// An access token lives up to 5 % shorter than allowed, so that clients do not all come back in the same second.
const JITTER_SECONDS: u32 = 30;

struct Kept {
    signer: Arc<Signer>,
    until: OffsetDateTime,
}

/// Signs access tokens.
#[derive(Clone)]
pub struct Signing {
    handle: SecretHandle,
    world: World,
    kept: Arc<RwLock<Option<Kept>>>,
}

/// The key is read in INIT, or with the first request.
impl Wire for Signing {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let signing =
            Self { handle: boot.secret("signing-keys", Access::Read)?, world: boot.world(), kept: Arc::default() };
        let warm = signing.clone();
        boot.also_warm(async move { drop(warm.signer().await) });
        Ok(signing)
    }
}

impl Signing {
    /// A token of `person` in `session`; the caller adds the refresh token.
    pub async fn mint(
        &self,
        person: &Person,
        profile: Option<&Profile>,
        session: SessionId,
        proof: &Proof,
    ) -> Result<Token, Problem> {
        let now = self.world.now().unix_timestamp();
        let expires_in = LIFETIME.whole_seconds() - i64::from(self.world.below(JITTER_SECONDS + 1));
        let profile_id: Option<ProfileId> = profile.map(|profile| profile.id);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + expires_in,
            jti: hex::encode(self.world.bytes::<16>()),
            sub: person.account,
            sid: session,
            pid: profile_id,
            roles: person.roles.clone(),
            // Whoever has chosen no profile may see what the youngest may.
            max_rating: profile.map_or(0, |profile| profile.max_rating),
            locale: profile.map_or(&person.locale, |profile| &profile.locale).clone(),
            auth_time: proof.at.unix_timestamp(),
            amr: proof.methods.clone(),
        };
        let access_token = self.signer().await?.sign(&claims)?;
        Ok(Token { access_token, token_type: "Bearer", expires_in, refresh_token: None, profile_id })
    }

    fn kept(&self, even_if_old: bool) -> Option<Arc<Signer>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|kept| even_if_old || kept.until > self.world.now()).map(|kept| kept.signer.clone())
    }

    fn keep(&self, signer: &Arc<Signer>, time: Duration) {
        let kept = Kept { signer: signer.clone(), until: self.world.now() + time };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }

    async fn signer(&self) -> Result<Arc<Signer>, Problem> {
        if let Some(signer) = self.kept(false) {
            return Ok(signer);
        }
        match self.read().await {
            Ok(signer) => {
                self.keep(&signer, KEEP);
                Ok(signer)
            }
            Err(problem) => {
                let signer = self.kept(true).ok_or(problem)?;
                tracing::warn!("signing key cannot be read, the last one is used");
                self.keep(&signer, RETRY);
                Ok(signer)
            }
        }
    }

    async fn read(&self) -> Result<Arc<Signer>, Problem> {
        let secret = self.handle.get().await.map_err(keys_unavailable)?;
        let secret =
            secret.ok_or_else(|| keys_unavailable("signing-keys has no value yet: auth-rotate-keys makes it"))?;
        Ok(Arc::new(KeyRing::parse(secret.expose_secret())?.current.signer()?))
    }
}
