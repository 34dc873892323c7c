//! Items: how the values of this service lie in the table.

use std::collections::HashMap;

use kernel::{AssetId, UploadId};
use serde::{Serialize, de::DeserializeOwned};
use stores::StoreError;
use stores::aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::asset::Asset;
use crate::job::{Job, JobRow};
use crate::upload::Upload;

/// The reconciler asks each of them: one hot partition of the index would throttle.
pub(super) const SHARDS: u32 = 4;

/// Where an item lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place in the partition.
    pub sk: String,
}

impl Key {
    /// An asset.
    pub fn asset(id: AssetId) -> Self {
        Self { pk: id.to_string(), sk: ASSET.to_owned() }
    }

    /// The ledger row of a job.
    pub fn job(id: AssetId, job: &Job) -> Self {
        Self { pk: id.to_string(), sk: format!("{JOB}{job}") }
    }

    /// An upload.
    pub fn upload(id: UploadId) -> Self {
        Self { pk: id.to_string(), sk: UPLOAD.to_owned() }
    }
}

/// Sort key of an asset.
pub const ASSET: &str = "asset";
/// Prefix of the sort keys of a ledger.
pub const JOB: &str = "job#";
/// Sort key of an upload.
pub const UPLOAD: &str = "upload";

/// A value that is an item of its own.
pub trait Item: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// Where it lies.
    fn key(&self) -> Key;
    /// How often it was written; 0 before the first time.
    fn version(&self) -> i64;
    /// The value with the version it has after being written.
    #[must_use]
    fn stored(self) -> Self;
    /// When the reconciler looks at it.
    fn due_at(&self) -> Option<OffsetDateTime>;
    /// When the table may forget it.
    fn expires_at(&self) -> Option<OffsetDateTime> {
        None
    }
}

macro_rules! items {
    ($($type:ty: $item:ident => $key:expr;)+) => {$(
        impl Item for $type {
            fn key(&self) -> Key {
                let $item = self;
                $key
            }
            fn version(&self) -> i64 {
                self.version
            }
            fn stored(mut self) -> Self {
                self.version += 1;
                self
            }
            fn due_at(&self) -> Option<OffsetDateTime> {
                self.due_at
            }
        }
    )+};
}

items! {
    Asset: asset => Key::asset(asset.asset_id);
    JobRow: row => Key::job(row.asset_id, &row.job);
    Upload: upload => Key::upload(upload.upload_id);
}

/// The item as it will lie in the table.
pub(super) fn attributes<T: Item>(item: &T) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let key = item.key();
    let stored = item.clone().stored();
    let mut attributes: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(&stored).map_err(|error| StoreError::new("dynamodb", error))?;
    attributes.insert("due_shard".to_owned(), AttributeValue::S(shard(&key.pk)));
    match item.due_at() {
        Some(at) => attributes.insert("due_at".to_owned(), AttributeValue::S(moment(at))),
        // Without its place in the index an item is nobody's duty.
        None => attributes.remove("due_at"),
    };
    if let Some(at) = item.expires_at() {
        attributes.insert("expires_at".to_owned(), AttributeValue::N(at.unix_timestamp().to_string()));
    }
    attributes.insert("pk".to_owned(), AttributeValue::S(key.pk));
    attributes.insert("sk".to_owned(), AttributeValue::S(key.sk));
    Ok(attributes)
}

pub(super) fn parse<T: DeserializeOwned>(attributes: HashMap<String, AttributeValue>) -> Result<T, StoreError> {
    serde_dynamo::from_item(attributes).map_err(|error| StoreError::new("dynamodb", error))
}

/// Whole seconds in one width, so that text order is time order.
pub(super) fn moment(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

fn shard(pk: &str) -> String {
    let sum = pk.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    (sum % SHARDS).to_string()
}
