//! Weekly: next → current → previous. The public keys are published before the secret changes; see [`crate::keyring`].

use cinema_http::Problem;
use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Access, Boot, BootError, Tick};
use secrecy::ExposeSecret;
use stores::{Bucket, SecretHandle};

use super::get_jwks::DOCUMENT;
use crate::keyring::{KeyRing, SigningKey, Step, steps};

/// As long as verifiers keep it.
const CACHE: &str = "public, max-age=300";

struct Rotation {
    secret: SecretHandle,
    web: Bucket,
    world: World,
}

impl Consumer<Tick> for Rotation {
    async fn consume(&self, _: Tick, _: &Deadline) -> Outcome {
        match self.run().await {
            Ok(()) => Outcome::Done,
            Err(problem) => Outcome::Retry(format!("{problem:?}")),
        }
    }
}

impl Rotation {
    async fn run(&self) -> Result<(), Problem> {
        let fresh = || SigningKey::generate(hex::encode(self.world.bytes::<8>()), self.world.now());
        for step in steps(self.stored().await?, self.world.now(), fresh)? {
            match step {
                Step::Publish(ring) => self.publish(&ring).await?,
                Step::Store(ring) => self.store(&ring).await?,
            }
        }
        Ok(())
    }

    async fn stored(&self) -> Result<Option<KeyRing>, Problem> {
        self.secret.get().await?.map(|secret| KeyRing::parse(secret.expose_secret())).transpose()
    }

    async fn publish(&self, ring: &KeyRing) -> Result<(), Problem> {
        let document = serde_json::to_vec(&ring.public()?).map_err(Problem::internal)?;
        Ok(self.web.put(DOCUMENT, document, "application/json", Some(CACHE)).await?)
    }

    async fn store(&self, ring: &KeyRing) -> Result<(), Problem> {
        self.secret.put(&ring.json()?).await?;
        tracing::info!(kid = ring.current.kid, "a new key signs access tokens");
        // Another run at the same time may have stored another ring and published before us: what is stored last is what counts.
        match self.stored().await? {
            Some(stored) if stored != *ring => self.publish(&stored).await,
            _ => Ok(()),
        }
    }
}

/// The secret with the private keys and the bucket for the public ones.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Tick> + use<>, BootError> {
    Ok(Rotation {
        secret: boot.secret("signing-keys", Access::ReadWrite)?,
        web: boot.bucket("web", Access::Write)?,
        world: boot.world(),
    })
}
