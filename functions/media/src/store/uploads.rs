//! Uploads, and which of them an `Idempotency-Key` stands for.

use kernel::UploadId;
use serde::{Deserialize, Serialize};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Key, Write},
};
use time::{Duration, OffsetDateTime};

use super::{
    Changed, assets, titles,
    versioned::{change as change_item, versioned, write_all, write_of},
};
use crate::{assets::asset::Asset, title::FilmOfTitle, uploads::upload::Upload};

/// Sort key of an upload.
pub const SORT_KEY: &str = "upload";
/// How long an idempotency key stands for its upload.
const KEEP_KEY: Duration = Duration::hours(24);

versioned!(Upload, upload => key(upload.upload_id));

pub(super) fn key(id: UploadId) -> Key {
    Key::new(id, SORT_KEY)
}

/// The upload that an idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedUpload {
    pub upload_id: UploadId,
    /// Of the request that began it.
    pub fingerprint: String,
    /// When the key was used first.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A digest tells nothing of who sent the key.
fn key_of(digest: &str) -> Key {
    Key::new(format!("key#{digest}"), "key")
}

/// As it is now.
pub async fn find(table: &Table, id: UploadId) -> Result<Option<Upload>, StoreError> {
    table.get(&key(id)).await
}

/// What the idempotency key with this digest stands for, unless it was used more than a day ago.
pub async fn find_keyed(table: &Table, digest: &str, now: OffsetDateTime) -> Result<Option<KeyedUpload>, StoreError> {
    let keyed: Option<KeyedUpload> = table.get(&key_of(digest)).await?;
    Ok(keyed.filter(|keyed| now < keyed.created_at + KEEP_KEY))
}

/// Stores an upload, its asset, and the digest of the idempotency key that stands for it; `false` when the key was used or the title
/// deleted meanwhile.
pub async fn begin(
    table: &Table,
    upload: &Upload,
    asset: &Asset,
    keyed: Option<(&str, &KeyedUpload)>,
) -> Result<bool, StoreError> {
    let film = FilmOfTitle { asset_id: asset.asset_id, upload_id: Some(upload.upload_id) };
    let mut writes = vec![write_of(upload)?, write_of(asset)?];
    writes.extend(titles::add_film(upload.title_id, &film)?);
    if let Some((digest, keyed)) = keyed {
        let item = Item::new(&key_of(digest), keyed)?.expiring(keyed.created_at + KEEP_KEY);
        let is_free = Condition::Absent.or(Condition::at_most("expires_at", keyed.created_at.unix_timestamp()));
        writes.push(Write::put(item).when(is_free));
    }
    write_all(table, writes).await
}

/// Stores what `decide` makes of it.
pub async fn change(
    table: &Table,
    id: UploadId,
    decide: impl Fn(&Upload) -> Option<Upload>,
) -> Result<Changed<Upload>, StoreError> {
    change_item(table, &key(id), decide).await
}

/// Ends an upload whose parts nobody joins any more: its asset never was. `false` when one of them has changed meanwhile.
pub async fn abort(table: &Table, upload: &Upload, asset: Option<&Asset>) -> Result<bool, StoreError> {
    let mut writes = vec![write_of(&Upload { is_aborted: true, due_at: None, ..upload.clone() })?];
    if let Some(asset) = asset {
        writes.push(Write::delete(assets::key(asset.asset_id)).when(Condition::version(asset.version)));
    }
    let film = FilmOfTitle { asset_id: upload.asset_id, upload_id: Some(upload.upload_id) };
    let is_aborted = write_all(table, writes).await?;
    if is_aborted {
        titles::remove_film(table, upload.title_id, &film).await?;
    }
    Ok(is_aborted)
}

/// Forgets an upload.
pub async fn remove(table: &Table, id: UploadId) -> Result<(), StoreError> {
    table.delete_all(&[key(id)]).await
}
