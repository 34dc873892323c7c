//! The bucket `models`: versions under their digests, what was said of them, which one is live, and the titles as they were minutes ago.

use kernel::sha256;
use serde::{Deserialize, Serialize};
use stores::{Bucket, StoreError};
use time::OffsetDateTime;

use crate::{artefact::is_version, catalogue::Catalogue, gate::Report, model::Model};

const POINTER: &str = "live.json";
const TITLES: &str = "titles.json";
const JSON: &str = "application/json";

/// Which version is live, and which one was before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pointer {
    pub version: String,
    pub previous: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub published_at: OffsetDateTime,
}

fn model_key(version: &str) -> String {
    format!("versions/{version}/model")
}

fn report_key(version: &str) -> String {
    format!("versions/{version}/report.json")
}

/// Which version is live; `None` before the first one. One that cannot be read is an error.
pub async fn pointer(bucket: &Bucket) -> Result<Option<Pointer>, StoreError> {
    let Some(pointer) = read::<Pointer>(bucket, POINTER).await? else { return Ok(None) };
    let all = std::iter::once(&pointer.version).chain(&pointer.previous);
    if all.into_iter().all(|version| is_version(version)) {
        Ok(Some(pointer))
    } else {
        Err(damaged(POINTER, "no version"))
    }
}

/// Makes a version the live one.
pub async fn point(bucket: &Bucket, pointer: &Pointer) -> Result<(), StoreError> {
    write(bucket, POINTER, pointer).await
}

/// A version; `None` when there is no such one. One that is damaged is an error.
pub async fn model(bucket: &Bucket, version: &str) -> Result<Option<Model>, StoreError> {
    let key = model_key(version);
    let Some(bytes) = bucket.get(&key).await? else { return Ok(None) };
    let model = Model::read(&bytes).map_err(|error| damaged(&key, error))?;
    // Whole, but another one.
    if model.version == version { Ok(Some(model)) } else { Err(damaged(&key, "it is another version")) }
}

/// Keeps a version with its report.
pub async fn put(bucket: &Bucket, bytes: Vec<u8>, report: &Report) -> Result<(), StoreError> {
    bucket.put(&model_key(&report.version), bytes, "application/octet-stream", None).await?;
    write(bucket, &report_key(&report.version), report).await
}

/// What a version was judged by.
pub async fn report(bucket: &Bucket, version: &str) -> Result<Option<Report>, StoreError> {
    read(bucket, &report_key(version)).await
}

/// The titles as they were minutes ago, for when the table does not answer.
pub async fn titles(bucket: &Bucket) -> Result<Option<Catalogue>, StoreError> {
    read(bucket, TITLES).await
}

/// Keeps the titles, unless they are there already.
pub async fn put_titles(bucket: &Bucket, catalogue: &Catalogue) -> Result<(), StoreError> {
    let text = serde_json::to_vec(catalogue).map_err(|error| damaged(TITLES, error))?;
    let known = bucket.get(TITLES).await?;
    if known.is_some_and(|known| sha256(known) == sha256(&text)) {
        return Ok(());
    }
    bucket.put(TITLES, text, JSON, None).await
}

async fn read<T: for<'de> Deserialize<'de>>(bucket: &Bucket, key: &str) -> Result<Option<T>, StoreError> {
    let Some(bytes) = bucket.get(key).await? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(key, error))
}

async fn write(bucket: &Bucket, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
    let text = serde_json::to_vec(value).map_err(|error| damaged(key, error))?;
    bucket.put(key, text, JSON, None).await
}

fn damaged(key: &str, what: impl std::fmt::Display) -> StoreError {
    StoreError { engine: "s3", detail: format!("{key}: {what}") }
}
