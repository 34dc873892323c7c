//! A key out of Secrets Manager: read once in an environment, in INIT if the engine answers then.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::ExposeSecret;
use stores::{SecretHandle, StoreError};
use tokio::sync::OnceCell;

use crate::{Access, Boot, BootError, Vars, Wire};

/// Fewer bytes are no key.
const MIN_BYTES: usize = 32;

/// What a base64 secret of at least 32 bytes is made into.
pub trait FromSecret: Sized + Send + Sync + 'static {
    /// The secret's logical name.
    const SECRET: &'static str;

    /// Makes the key; `vars` are the function's variables.
    ///
    /// # Errors
    /// Why the bytes are none, without the bytes.
    fn from_secret(bytes: &[u8], vars: &Vars) -> Result<Self, String>;
}

/// A key that is made from a secret when first needed, and kept.
pub struct Key<T>(Arc<Inner<T>>);

struct Inner<T> {
    handle: SecretHandle,
    vars: Vars,
    made: OnceCell<T>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: FromSecret> Key<T> {
    /// The key.
    ///
    /// # Errors
    /// While the secret cannot be read; the next call tries again.
    pub async fn get(&self) -> Result<&T, StoreError> {
        self.0.made.get_or_try_init(|| self.0.read()).await
    }
}

impl<T: FromSecret> Wire for Key<T> {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let handle = boot.secret(T::SECRET, Access::Read)?;
        let key = Self(Arc::new(Inner { handle, vars: boot.vars().clone(), made: OnceCell::new() }));
        let warm = key.clone();
        boot.also_warm(async move { drop(warm.get().await) });
        Ok(key)
    }
}

impl<T: FromSecret> Inner<T> {
    async fn read(&self) -> Result<T, StoreError> {
        let unusable = |why: &str| StoreError { engine: "secretsmanager", detail: format!("{}: {why}", T::SECRET) };
        let secret = self.handle.get().await?.ok_or_else(|| unusable("the secret has no value"))?;
        let bytes = BASE64_STANDARD.decode(secret.expose_secret().trim());
        let bytes = bytes.map_err(|_| unusable("the secret is not base64"))?;
        if bytes.len() < MIN_BYTES {
            return Err(unusable("the secret is shorter than 32 bytes"));
        }
        T::from_secret(&bytes, &self.vars).map_err(|why| unusable(&why))
    }
}
