//! The bucket `uploads` as workers see it: sizes and first bytes of sources, always of one version.

use std::{io::Read, path::Path};

use stores::{Bucket, StoreError, aws_sdk_s3::error::SdkError};

use crate::assets::{failure::Failure, object::Object};

fn vanished() -> Failure {
    Failure::refused("source_missing", "the uploaded file is no longer there; upload it again")
}

/// The size of an object.
pub async fn size(uploads: &Bucket, object: &Object) -> Result<u64, Failure> {
    let request = uploads.client.head_object().bucket(&uploads.name).key(&object.key);
    match request.set_version_id(object.version.clone()).send().await {
        Ok(head) => Ok(head.content_length.and_then(|size| size.try_into().ok()).unwrap_or_default()),
        Err(SdkError::ServiceError(error)) if error.err().is_not_found() => Err(vanished()),
        Err(error) => Err(StoreError::new("s3", error).into()),
    }
}

/// The first `count` bytes of an object.
pub async fn head(uploads: &Bucket, object: &Object, count: u64) -> Result<Vec<u8>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let request = uploads.client.get_object().bucket(&uploads.name).key(&object.key);
    let request = request.set_version_id(object.version.clone()).range(format!("bytes=0-{}", count - 1));
    match request.send().await {
        Ok(found) => {
            let body = found.body.collect().await.map_err(|error| StoreError::new("s3", error))?;
            Ok(body.into_bytes().to_vec())
        }
        Err(SdkError::ServiceError(error)) if error.err().is_no_such_key() => Err(vanished()),
        Err(error) => Err(StoreError::new("s3", error).into()),
    }
}

/// The first `count` bytes of a file.
pub fn file_head(path: &Path, count: usize) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(count as u64).read_to_end(&mut head)?;
    Ok(head)
}
