//! A secret with a text for each provider: `{"sandbox": "…", "stripe": "…"}`.

use std::{collections::BTreeMap, sync::Arc};

use kernel::World;
use secrecy::{ExposeSecret, SecretString};
use stores::{SecretHandle, StoreError};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::{Access, Boot, BootError};

/// How long a key is used before it is read again: one that was replaced is out of use everywhere after this.
const KEEP: Duration = Duration::minutes(5);
/// A shorter text is a mistake, and could be guessed.
const MIN_LENGTH: usize = 16;

/// The keys of all providers; a clone shares what was read.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    source: Source,
    world: World,
    kept: Mutex<Option<Kept>>,
}

enum Source {
    Secret(SecretHandle),
    Text(String),
}

struct Kept {
    read_at: OffsetDateTime,
    keys: BTreeMap<String, SecretString>,
}

impl Keys {
    /// The secret of this name, read in INIT if the engine answers then.
    ///
    /// # Errors
    /// When its name is not known.
    pub fn wire(boot: &Boot, secret: &str) -> Result<Self, BootError> {
        let source = Source::Secret(boot.secret(secret, Access::Read)?);
        let keys = Self(Arc::new(Inner { source, world: boot.world(), kept: Mutex::default() }));
        let warm = keys.clone();
        boot.also_warm(async move { drop(warm.of("").await) });
        Ok(keys)
    }

    /// The keys of a text, as the secret would hold it.
    pub fn fixed(text: &str) -> Self {
        let source = Source::Text(text.to_owned());
        Self(Arc::new(Inner { source, world: World::system(), kept: Mutex::default() }))
    }

    /// A provider's key.
    ///
    /// # Errors
    /// While the secret cannot be read, and when it has no usable key for this provider: there is never an empty one.
    pub async fn of(&self, provider: &str) -> Result<SecretString, StoreError> {
        let key = self.find(provider).await?;
        key.ok_or_else(|| unusable(format!("no key of at least {MIN_LENGTH} characters for {provider:?}")))
    }

    /// The same; `None` when the secret has no usable key for this provider.
    ///
    /// # Errors
    /// While the secret cannot be read.
    pub async fn find(&self, provider: &str) -> Result<Option<SecretString>, StoreError> {
        let mut kept = self.0.kept.lock().await;
        let now = self.0.world.now();
        if kept.as_ref().is_none_or(|kept| now - kept.read_at >= KEEP) {
            match (self.0.source.read().await, kept.is_some()) {
                (Ok(Some(keys)), _) => *kept = Some(Kept { read_at: now, keys }),
                (Ok(None), true) => tracing::warn!("the providers' keys are gone, the last ones are used"),
                (Ok(None), false) => return Ok(None),
                (Err(error), true) => {
                    tracing::warn!(%error, "the providers' keys cannot be read, the last ones are used")
                }
                (Err(error), false) => return Err(error),
            }
        }
        Ok(kept.as_ref().and_then(|kept| kept.keys.get(provider)).cloned())
    }
}

impl Source {
    /// `None`: there is no such secret, or it has no value.
    async fn read(&self) -> Result<Option<BTreeMap<String, SecretString>>, StoreError> {
        let text = match self {
            Self::Secret(handle) => {
                let Some(secret) = handle.get().await? else { return Ok(None) };
                secret.expose_secret().to_owned()
            }
            Self::Text(text) => text.clone(),
        };
        parse(&text).map(Some)
    }
}

fn parse(text: &str) -> Result<BTreeMap<String, SecretString>, StoreError> {
    // The parser's own text quotes values.
    let keys: BTreeMap<String, String> = serde_json::from_str(text)
        .map_err(|error| unusable(format!("not a map of provider to key: column {}", error.column())))?;
    let usable = keys.into_iter().map(|(provider, key)| (provider, key.trim().to_owned()));
    Ok(usable.filter(|(_, key)| key.len() >= MIN_LENGTH).map(|(provider, key)| (provider, key.into())).collect())
}

fn unusable(why: impl Into<String>) -> StoreError {
    StoreError { engine: "secretsmanager", detail: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "0123456789abcdef";

    #[tokio::test]
    async fn a_key_that_is_missing_short_or_unreadable_is_none() {
        let keys = Keys::fixed(&format!(r#"{{"sandbox": "{LONG}", "stripe": "", "yookassa": "short"}}"#));
        assert_eq!(keys.of("sandbox").await.unwrap().expose_secret(), LONG);
        for provider in ["stripe", "yookassa", "other", ""] {
            assert!(keys.of(provider).await.is_err(), "{provider}");
            assert!(keys.find(provider).await.unwrap().is_none(), "{provider}");
        }
        for text in ["", "{}", "[]", LONG, r#"{"sandbox": 1}"#] {
            let error = Keys::fixed(text).of("sandbox").await.unwrap_err().to_string();
            assert!(!error.contains(LONG), "{error}");
        }
    }
}
