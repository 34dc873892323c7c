//! A key out of Secrets Manager: read once in an environment, in INIT if the engine answers then.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::Problem;
use runtime::{Access, Boot, BootError};
use secrecy::ExposeSecret;
use stores::SecretHandle;
use tokio::sync::OnceCell;

type Make<T> = Box<dyn Fn(&[u8]) -> Result<T, String> + Send + Sync>;

/// A key that is made from a base64 secret.
pub struct Key<T>(Arc<Inner<T>>);

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Inner<T> {
    handle: SecretHandle,
    make: Make<T>,
    made: OnceCell<T>,
}

impl<T: Send + Sync + 'static> Key<T> {
    /// The key behind the secret `name`.
    pub fn new(
        boot: &Boot,
        name: &str,
        make: impl Fn(&[u8]) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, BootError> {
        let inner = Inner { handle: boot.secret(name, Access::Read)?, make: Box::new(make), made: OnceCell::new() };
        let key = Self(Arc::new(inner));
        let warm = key.clone();
        boot.also_warm(async move { drop(warm.get().await) });
        Ok(key)
    }

    /// The key; 503 while the secret cannot be read.
    pub async fn get(&self) -> Result<&T, Problem> {
        self.0.made.get_or_try_init(|| self.0.read()).await
    }
}

impl<T> Inner<T> {
    async fn read(&self) -> Result<T, Problem> {
        let unusable = |why: String| Problem::unavailable("keys_unavailable", why);
        let secret = self.handle.get().await?.ok_or_else(|| unusable("the secret has no value".to_owned()))?;
        let bytes = BASE64_STANDARD.decode(secret.expose_secret().trim());
        (self.make)(&bytes.map_err(|_| unusable("the secret is not base64".to_owned()))?).map_err(unusable)
    }
}
