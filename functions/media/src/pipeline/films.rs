//! The bucket `media`: the files of an asset, each under `{asset}/`, and the full ledger results beside them; captions of titles under `captions/`.

use std::path::Path;

use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use kernel::AssetId;
use runtime::{Access, Boot, BootError};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use stores::{
    Bucket, StoreError,
    aws_sdk_s3::{
        primitives::{ByteStream, Length},
        types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier},
    },
};

use crate::{assets::job::Job, film::ledger::Output};

/// Files on their way at the same time.
const TRANSFERS: usize = 8;
/// Content-addressed files never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Playlists keep their names when a film is made once more.
const FOR_AN_HOUR: &str = "public, max-age=3600";
/// Larger files are sent in parts of this size.
const PART_BYTES: u64 = 64 << 20;

/// The bucket `media`.
#[derive(Clone)]
pub struct Films(Bucket);

impl Films {
    /// Notes the access.
    pub fn wire(boot: &Boot, access: Access) -> Result<Self, BootError> {
        boot.bucket("media", access).map(Self)
    }

    /// Stores what a worker has made.
    pub async fn store(&self, asset: AssetId, files: &[Output]) -> Result<(), StoreError> {
        let jobs = files.iter().map(|file| self.store_file(asset, file).boxed()).collect();
        in_order(jobs, TRANSFERS).await.map(drop)
    }

    async fn store_file(&self, asset: AssetId, file: &Output) -> Result<(), StoreError> {
        let bytes = read(&file.path).await?;
        self.0.put(&format!("{asset}/{}", file.key), bytes, file.content_type, Some(FOR_EVER)).await
    }

    /// Stores a page of the package.
    pub async fn store_page(
        &self,
        asset: AssetId,
        key: &str,
        content_type: &str,
        text: &str,
    ) -> Result<(), StoreError> {
        self.0.put(&format!("{asset}/{key}"), text.as_bytes().to_vec(), content_type, Some(FOR_AN_HOUR)).await
    }

    /// Stores the result of a job and returns its key; the same result has the same key.
    pub async fn store_result(&self, asset: AssetId, job: &Job, result: &impl Serialize) -> Result<String, StoreError> {
        let json = serde_json::to_vec(result).map_err(|error| StoreError::new("s3", error))?;
        let digest = hex::encode(&Sha256::digest(&json)[..8]);
        let key = format!("{asset}/ledger/{job}-{digest}.json");
        self.0.put(&key, json, "application/json", None).await?;
        Ok(key)
    }

    /// Reads the result of a job.
    pub async fn result<T: DeserializeOwned>(&self, key: &str) -> Result<T, StoreError> {
        let missing = || StoreError { engine: "s3", detail: format!("{key} is not there") };
        let json = self.0.get(key).await?.ok_or_else(missing)?;
        serde_json::from_slice(&json).map_err(|error| StoreError::new("s3", error))
    }

    /// Reads the results of many jobs, in the order of the keys.
    pub async fn results<T: DeserializeOwned>(&self, keys: &[String]) -> Result<Vec<T>, StoreError> {
        in_order(keys.iter().map(|key| self.result(key).boxed()).collect(), TRANSFERS).await
    }

    /// Removes everything of an asset.
    pub async fn remove(&self, asset: AssetId) -> Result<(), StoreError> {
        let list = self.0.client.list_objects_v2().bucket(&self.0.name).prefix(format!("{asset}/"));
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::new("s3", error))?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            let objects = keys.map(|key| ObjectIdentifier::builder().key(key).build()).collect::<Result<Vec<_>, _>>();
            let objects = objects.map_err(|error| StoreError::new("s3", error))?;
            if objects.is_empty() {
                continue;
            }
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
            let delete = self
                .0
                .client
                .delete_objects()
                .bucket(&self.0.name)
                .delete(delete.map_err(|error| StoreError::new("s3", error))?);
            let answer = delete.send().await.map_err(|error| StoreError::new("s3", error))?;
            if let Some(error) = answer.errors().first() {
                let detail = format!("{}: {}", error.key().unwrap_or_default(), error.code().unwrap_or_default());
                return Err(StoreError { engine: "s3", detail });
            }
        }
        Ok(())
    }

    /// Stores captions of a title.
    pub async fn store_captions(&self, key: &str, text: String) -> Result<(), StoreError> {
        self.0.put(key, text.into_bytes(), "text/vtt", Some(FOR_EVER)).await
    }

    /// Removes captions of a title; none under the key is fine.
    pub async fn remove_captions(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key).await
    }

    /// Reads a file of an asset; `None` when it is not there.
    pub async fn file(&self, asset: AssetId, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(&format!("{asset}/{key}")).await
    }
}

/// Runs jobs, so many at a time; their results in their order.
async fn in_order<T>(jobs: Vec<BoxFuture<'_, Result<T, StoreError>>>, at_once: usize) -> Result<Vec<T>, StoreError> {
    stream::iter(jobs).buffered(at_once).try_collect().await
}

async fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    tokio::fs::read(path)
        .await
        .map_err(|error| StoreError { engine: "s3", detail: format!("{}: {error}", path.display()) })
}

/// Sends a file of any size; returns the version it got.
pub async fn send_file(bucket: &Bucket, key: &str, path: &Path, size: u64) -> Result<Option<String>, StoreError> {
    if size <= PART_BYTES {
        let body = ByteStream::from_path(path).await;
        let body = body.map_err(|error| StoreError { engine: "s3", detail: error.to_string() })?;
        let put = bucket.client.put_object().bucket(&bucket.name).key(key).body(body).send().await;
        return Ok(put.map_err(|error| StoreError::new("s3", error))?.version_id);
    }
    let begun = bucket.client.create_multipart_upload().bucket(&bucket.name).key(key).send().await;
    let id = begun.map_err(|error| StoreError::new("s3", error))?.upload_id.unwrap_or_default();
    let starts = (0..size).step_by(PART_BYTES as usize);
    let parts =
        starts.map(|start| send_part(bucket, key, &id, path, start, PART_BYTES.min(size - start)).boxed()).collect();
    let parts = in_order(parts, 2).await?;
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = bucket.client.complete_multipart_upload().bucket(&bucket.name).key(key).upload_id(&id);
    let done = complete.multipart_upload(parts).send().await.map_err(|error| StoreError::new("s3", error))?;
    Ok(done.version_id)
}

async fn send_part(
    bucket: &Bucket,
    key: &str,
    id: &str,
    path: &Path,
    start: u64,
    length: u64,
) -> Result<CompletedPart, StoreError> {
    let number = i32::try_from(start / PART_BYTES + 1).unwrap_or(i32::MAX);
    let range = ByteStream::read_from().path(path).offset(start).length(Length::Exact(length));
    let body = range.build().await.map_err(|error| StoreError { engine: "s3", detail: error.to_string() })?;
    let part = bucket.client.upload_part().bucket(&bucket.name).key(key).upload_id(id).part_number(number).body(body);
    let sent = part.send().await.map_err(|error| StoreError::new("s3", error))?;
    Ok(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build())
}
