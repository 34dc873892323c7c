//! The archives of exports in the bucket.

use kernel::ExportId;
use stores::{Bucket, StoreError};

use crate::export::{PARTS, archive, archive_key, part_key};

/// Makes an archive unless there is one; `false` while a part is missing. Two that make it at once write the same bytes.
pub(crate) async fn make(bucket: &Bucket, id: ExportId) -> Result<bool, StoreError> {
    let key = archive_key(id);
    if bucket.head(&key).await?.is_some() {
        return Ok(true);
    }
    // Looked for before one of them is fetched: whoever waits for the last asks every minute.
    for service in PARTS {
        if bucket.head(&part_key(id, service)).await?.is_none() {
            return Ok(false);
        }
    }
    let mut parts = Vec::with_capacity(PARTS.len());
    for service in PARTS {
        let Some(part) = bucket.get(&part_key(id, service)).await? else { return Ok(false) };
        parts.push((service, part));
    }
    let archive = archive(&parts).map_err(|error| StoreError { engine: "zip", detail: error.to_string() })?;
    bucket.put(&key, archive, "application/zip", None).await?;
    Ok(true)
}
