//! Multipart uploads in bucket `uploads`: presigned parts, what has arrived, and joining it.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use stores::{
    Bucket, StoreError,
    aws_sdk_s3::{
        error::{ProvideErrorMetadata, SdkError},
        presigning::PresigningConfig,
        types::{CompletedMultipartUpload, CompletedPart},
    },
};
use utoipa::ToSchema;

use super::upload::Upload;

/// How long a part's URL can be used; `GET` of the upload gives fresh ones.
const URL_LIFETIME: Duration = Duration::from_secs(6 * 3600);

/// Where one part goes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Part {
    /// From 1.
    pub number: i32,
    /// `PUT` the part's bytes here; valid for six hours.
    pub url: String,
}

/// Of an object that is removed in one go.
const MOST_VERSIONS: usize = 1000;

/// What S3 has of an upload.
#[derive(Debug, Default)]
pub struct Arrived {
    /// Number → size in bytes.
    pub sizes: BTreeMap<i32, u64>,
    tags: BTreeMap<i32, String>,
}

/// Why an upload cannot be completed.
#[derive(Debug, thiserror::Error)]
pub enum CompletionError {
    /// Parts with these numbers have not arrived whole.
    #[error("{} parts are missing", .0.len())]
    Missing(Vec<i32>),
    /// More parts have arrived than the announced size has.
    #[error("parts beyond the announced size")]
    Surplus,
    /// S3 refuses the parts: one was sent once more while they were joined.
    #[error("S3 refuses the parts: {0}")]
    Changed(String),
    /// S3 has neither the parts nor the object.
    #[error("neither parts nor object")]
    Expired,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins a multipart upload; its id.
pub async fn begin(uploads: &Bucket, key: &str) -> Result<String, StoreError> {
    let request = uploads.client.create_multipart_upload().bucket(&uploads.name).key(key);
    let begun = request.send().await.map_err(|error| StoreError::new("s3", error))?;
    begun.upload_id.ok_or_else(|| StoreError { engine: "s3", detail: "an upload without id".to_owned() })
}

/// Ends a multipart upload and drops its parts. What cannot be ended now, the bucket's lifecycle ends.
pub async fn abort(uploads: &Bucket, key: &str, multipart_id: &str) {
    let request = uploads.client.abort_multipart_upload().bucket(&uploads.name).key(key).upload_id(multipart_id);
    if let Err(error) = request.send().await {
        tracing::warn!(key, error = %StoreError::new("s3", error), "multipart upload is left to the lifecycle");
    }
}

/// Deletes the object that lies under a key now, bytes and all.
pub async fn remove_newest(uploads: &Bucket, key: &str) -> Result<(), StoreError> {
    let Some(head) = uploads.head(key).await? else { return Ok(()) };
    remove(uploads, key, head.version_id.as_deref()).await
}

/// Deletes an object with all of its versions, which are few: who may send one has minutes for it.
pub async fn remove_all(uploads: &Bucket, key: &str) -> Result<(), StoreError> {
    for _ in 0..MOST_VERSIONS {
        let Some(head) = uploads.head(key).await? else { return Ok(()) };
        remove(uploads, key, head.version_id.as_deref()).await?;
    }
    Err(StoreError { engine: "s3", detail: format!("{key} has more than {MOST_VERSIONS} versions") })
}

/// Deletes one version of an object: without its version it would only be hidden.
pub async fn remove(uploads: &Bucket, key: &str, version: Option<&str>) -> Result<(), StoreError> {
    let version = version.filter(|version| *version != "null").map(str::to_owned);
    let delete = uploads.client.delete_object().bucket(&uploads.name).key(key).set_version_id(version);
    delete.send().await.map(drop).map_err(|error| StoreError::new("s3", error))
}

/// URLs for these parts; `links` is the bucket as clients reach it.
pub async fn presign(
    links: &Bucket,
    upload: &Upload,
    numbers: impl IntoIterator<Item = i32>,
) -> Result<Vec<Part>, StoreError> {
    let expiry = PresigningConfig::expires_in(URL_LIFETIME).map_err(|error| StoreError::new("s3", error))?;
    let mut parts = Vec::new();
    for number in numbers {
        let request = links.client.upload_part().bucket(&links.name).key(&upload.key);
        let request = request.upload_id(&upload.multipart_id).part_number(number);
        let signed = request.presigned(expiry.clone()).await.map_err(|error| StoreError::new("s3", error))?;
        parts.push(Part { number, url: signed.uri().to_owned() });
    }
    Ok(parts)
}

/// What has arrived; `None` when S3 does not know the upload any more.
pub async fn arrived(uploads: &Bucket, upload: &Upload) -> Result<Option<Arrived>, StoreError> {
    let mut arrived = Arrived::default();
    let mut marker = None;
    loop {
        let request =
            uploads.client.list_parts().bucket(&uploads.name).key(&upload.key).upload_id(&upload.multipart_id);
        let page = match request.set_part_number_marker(marker).send().await {
            Ok(page) => page,
            Err(SdkError::ServiceError(error)) if error.err().code() == Some("NoSuchUpload") => return Ok(None),
            Err(error) => return Err(StoreError::new("s3", error)),
        };
        for part in page.parts() {
            let number = part.part_number().unwrap_or_default();
            arrived.sizes.insert(number, part.size().and_then(|size| size.try_into().ok()).unwrap_or_default());
            arrived.tags.insert(number, part.e_tag().unwrap_or_default().to_owned());
        }
        marker = page.next_part_number_marker;
        if page.is_truncated != Some(true) {
            return Ok(Some(arrived));
        }
    }
}

/// Joins the parts if all have arrived; the version of the object. It takes no list: S3 knows what it has.
///
/// # Errors
/// See [`CompletionError`].
pub async fn complete(uploads: &Bucket, upload: &Upload) -> Result<Option<String>, CompletionError> {
    let Some(arrived) = arrived(uploads, upload).await? else {
        return completed_before(uploads, upload).await;
    };
    let missing = upload.missing(&arrived.sizes);
    if !missing.is_empty() {
        return Err(CompletionError::Missing(missing));
    }
    if upload.has_surplus(&arrived.sizes) {
        return Err(CompletionError::Surplus);
    }
    let part = |(number, tag)| CompletedPart::builder().part_number(number).e_tag(tag).build();
    let parts = arrived.tags.into_iter().map(part).collect();
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let request = uploads.client.complete_multipart_upload().bucket(&uploads.name).key(&upload.key);
    match request.upload_id(&upload.multipart_id).multipart_upload(parts).send().await {
        Ok(done) => Ok(done.version_id.filter(|version| version != "null")),
        Err(SdkError::ServiceError(error)) => match error.err().code() {
            Some("NoSuchUpload") => completed_before(uploads, upload).await,
            Some(code @ ("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall")) => {
                Err(CompletionError::Changed(code.to_owned()))
            }
            _ => Err(StoreError::new("s3", error.into_err()).into()),
        },
        Err(error) => Err(StoreError::new("s3", error).into()),
    }
}

/// An answer that was lost, or a second caller: the object is there. Otherwise its parts are gone.
async fn completed_before(uploads: &Bucket, upload: &Upload) -> Result<Option<String>, CompletionError> {
    let head = uploads.head(&upload.key).await?.ok_or(CompletionError::Expired)?;
    Ok(head.version_id.filter(|version| version != "null"))
}
