//! Weekly: next → current → previous. The public keys are published before the secret changes; see [`crate::keyring`].

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Access, Tick};
use secrecy::ExposeSecret;
use stores::{Bucket, SecretHandle, StoreError};

use super::get_jwks::DOCUMENT;
use crate::keyring::{KeyError, KeyRing, SigningKey, Step, steps};

/// As long as verifiers keep it.
const CACHE: &str = "public, max-age=300";

runtime::wire! {
    pub struct RotateKeys {
        secret: SecretHandle = |boot| boot.secret("signing-keys", Access::ReadWrite),
        web: Bucket = |boot| boot.bucket("web", Access::Write),
        world: World,
    }
}

/// Why the keys stay as they are until the next run.
#[derive(Debug, thiserror::Error)]
enum RotationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl Consumer<Tick> for RotateKeys {
    async fn consume(&self, _: Tick, _: &Deadline) -> Outcome {
        self.run().await.map_or_else(Outcome::retry, |()| Outcome::Done)
    }
}

impl RotateKeys {
    async fn run(&self) -> Result<(), RotationError> {
        let fresh = || SigningKey::generate(hex::encode(self.world.bytes::<8>()), self.world.now());
        for step in steps(self.stored().await?, self.world.now(), fresh)? {
            match step {
                Step::Publish(ring) => self.publish(&ring).await?,
                Step::Store(ring) => self.store(&ring).await?,
            }
        }
        Ok(())
    }

    async fn stored(&self) -> Result<Option<KeyRing>, RotationError> {
        Ok(self.secret.get().await?.map(|secret| KeyRing::parse(secret.expose_secret())).transpose()?)
    }

    async fn publish(&self, ring: &KeyRing) -> Result<(), RotationError> {
        let document = serde_json::to_vec(&ring.public()?).map_err(|error| StoreError::new("web", error))?;
        Ok(self.web.put(DOCUMENT, document, "application/json", Some(CACHE)).await?)
    }

    async fn store(&self, ring: &KeyRing) -> Result<(), RotationError> {
        self.secret.put(&ring.json()?).await?;
        tracing::info!(kid = ring.current.kid, "a new key signs access tokens");
        // Another run at the same time may have stored another ring and published before us: what is stored last is what counts.
        match self.stored().await? {
            Some(stored) if stored != *ring => self.publish(&stored).await,
            _ => Ok(()),
        }
    }
}
