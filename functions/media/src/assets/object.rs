//! An object of bucket `uploads`: the bytes of a source.

use kernel::{AssetId, Id, TitleId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// One version of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The bucket's real name.
    pub bucket: String,
    pub key: String,
    /// Of a versioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What tells two objects under one key apart: the version, else S3's sequencer.
    pub identity: String,
}

impl Object {
    /// A UUID that names these bytes; `purpose` keeps ids of different kinds apart.
    fn uuid(&self, purpose: &str) -> Uuid {
        let name = [purpose, &self.bucket, &self.key, &self.identity].join("\0");
        let digest = Sha256::digest(name.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The asset that these bytes become when no upload announced them: the same for every copy of the notification.
    pub fn asset_id(&self) -> AssetId {
        AssetId::from_uuid(self.uuid("asset"))
    }

    /// The draft title of a file that was dropped without an upload.
    pub fn title_id(&self) -> TitleId {
        TitleId::from_uuid(self.uuid("title"))
    }

    /// Names the bytes for the plan.
    pub fn source_version(&self) -> String {
        format!("{}/{}@{}", self.bucket, self.key, self.identity)
    }

    /// The last part of the key.
    pub fn filename(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }
}
