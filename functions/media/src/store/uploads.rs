//! Uploads, and the answers that an `Idempotency-Key` may ask for again.

use kernel::UploadId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stores::StoreError;
use time::{Duration, OffsetDateTime};

use super::item::Item;
use super::{Key, Store, Write};
use crate::asset::Asset;
use crate::upload::Upload;

/// How long an answer is kept.
const KEEP: Duration = Duration::hours(24);

/// The upload that an idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    scope: String,
    /// The upload that was begun.
    pub upload_id: UploadId,
    /// SHA-256 of the request, in hex.
    pub fingerprint: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    version: i64,
}

impl Begun {
    /// `principal` and `key` stand for `upload_id` from now on.
    pub fn new(principal: &str, key: &str, upload_id: UploadId, fingerprint: &[u8], now: OffsetDateTime) -> Self {
        Self {
            scope: scope(principal, key),
            upload_id,
            fingerprint: hex::encode(fingerprint),
            created_at: now,
            version: 0,
        }
    }
}

/// A digest: keys of clients may have any length and form.
fn scope(principal: &str, key: &str) -> String {
    format!("key#{}", hex::encode(Sha256::digest(format!("{principal}\0{key}").as_bytes())))
}

impl Item for Begun {
    fn key(&self) -> Key {
        Key { pk: self.scope.clone(), sk: "key".to_owned() }
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn stored(mut self) -> Self {
        self.version += 1;
        self
    }

    fn due_at(&self) -> Option<OffsetDateTime> {
        None
    }

    fn expires_at(&self) -> Option<OffsetDateTime> {
        Some(self.created_at + KEEP)
    }
}

impl Store {
    /// An upload.
    pub async fn upload(&self, id: UploadId) -> Result<Option<Upload>, StoreError> {
        self.get(&Key::upload(id)).await
    }

    /// What a key stands for, unless that was more than a day ago.
    pub async fn begun(&self, principal: &str, key: &str) -> Result<Option<Begun>, StoreError> {
        let key = Key { pk: scope(principal, key), sk: "key".to_owned() };
        let begun: Option<Begun> = self.get(&key).await?;
        let now = self.world().now();
        Ok(begun.filter(|begun| now < begun.created_at + KEEP))
    }

    /// Stores an upload, its asset and what the key stands for; `false` when the key was taken meanwhile.
    pub async fn begin_upload(
        &self,
        upload: &Upload,
        asset: &Asset,
        begun: Option<&Begun>,
    ) -> Result<bool, StoreError> {
        let mut writes = vec![Write::of(upload)?, Write::of(asset)?];
        if let Some(begun) = begun {
            let now = self.world().now().unix_timestamp();
            writes.push(Write { unless_alive_at: Some(now), ..Write::of(begun)? });
        }
        self.write(writes).await
    }

    /// Changes an upload.
    pub async fn change_upload(
        &self,
        id: UploadId,
        decide: impl Fn(&Upload) -> Option<Upload>,
    ) -> Result<super::Changed<Upload>, StoreError> {
        self.change(&Key::upload(id), decide).await
    }
}
