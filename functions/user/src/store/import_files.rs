//! Files of other services in the bucket `imports`: sent by a link, read once, deleted.

use kernel::HistoryImportId;
use stores::{
    Bucket, StoreError,
    aws_sdk_s3::{
        error::SdkError, operation::get_object::GetObjectError, presigning::PresigningConfig, primitives::ByteStream,
    },
};

use crate::import::summary::LINK_LIFETIME;

const FOLDER: &str = "files/";

fn key(id: HistoryImportId) -> String {
    format!("{FOLDER}{id}")
}

/// The import that a file belongs to.
pub(crate) fn import_of(key: &str) -> Option<HistoryImportId> {
    key.strip_prefix(FOLDER)?.parse().ok()
}

/// Where the file is sent to. The link takes exactly `size` bytes.
pub(crate) async fn link(links: &Bucket, id: HistoryImportId, size: i64) -> Result<String, StoreError> {
    let expiry = PresigningConfig::expires_in(LINK_LIFETIME).map_err(|error| StoreError::new("s3", error))?;
    let put = links.client.put_object().bucket(&links.name).key(key(id)).content_length(size);
    let signed = put.presigned(expiry).await.map_err(|error| StoreError::new("s3", error))?;
    Ok(signed.uri().to_owned())
}

/// The file as a stream; `None` when there is none.
pub(crate) async fn open(files: &Bucket, id: HistoryImportId) -> Result<Option<ByteStream>, StoreError> {
    match files.client.get_object().bucket(&files.name).key(key(id)).send().await {
        Ok(object) => Ok(Some(object.body)),
        Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => Ok(None),
        Err(error) => Err(StoreError::new("s3", error)),
    }
}

/// Deletes the file; none is fine.
pub(crate) async fn delete(files: &Bucket, id: HistoryImportId) -> Result<(), StoreError> {
    files.delete(&key(id)).await
}

#[cfg(test)]
mod tests {
    use kernel::World;

    use super::*;

    #[test]
    fn a_key_names_its_import() {
        let id = World::system().id();
        assert_eq!(import_of(&key(id)), Some(id));
        for other in ["files/", "files/x", "", "him_01jd3k5m7n9pqrstvwxyz01234", "files/exp_01jd3k5m7n9pqrstvwxyz01234"]
        {
            assert_eq!(import_of(other), None, "{other}");
        }
    }
}
