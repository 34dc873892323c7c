//! The films of a deleted title go: sources, segments, ledger, and what a worker stores that has not heard of it yet.

use kernel::{TitleId, UploadId, World};
use runtime::{Access, Boot, BootError};
use stores::{Bucket, StoreError, Table};

use crate::{
    assets::{object::Object, removal::Removal},
    pipeline::films::Films,
    store,
    title::FilmOfTitle,
    uploads::parts,
};

/// Removes films.
#[derive(Clone)]
pub struct Remover {
    /// `assets`.
    pub table: Table,
    uploads: Bucket,
    films: Films,
    world: World,
}

impl Remover {
    /// Wires the table and both buckets.
    pub fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self {
            table: boot.table("assets", Access::ReadWrite)?,
            uploads: boot.bucket("uploads", Access::ReadWrite)?,
            films: Films::wire(boot, Access::ReadWrite)?,
            world: boot.world(),
        })
    }

    /// Removes every film of a title. Repeating it goes on where it stopped.
    pub async fn remove_films(&self, title: TitleId) -> Result<(), StoreError> {
        for film in store::titles::films(&self.table, title).await? {
            self.remove(film).await?;
            store::titles::remove_film(&self.table, title, &film).await?;
        }
        Ok(())
    }

    async fn remove(&self, film: FilmOfTitle) -> Result<(), StoreError> {
        if let Some(upload) = film.upload_id {
            self.remove_upload(upload).await?;
        }
        let now = self.world.now();
        let begun = store::removals::begin(&self.table, film.asset_id, |asset| Removal::of(asset, now)).await?;
        let Some(removal) = begun else { return Ok(()) };
        tracing::info!(asset_id = %removal.asset_id, "film removed");
        self.sweep(&removal).await
    }

    /// Its parts, and its object where nobody has noticed it.
    async fn remove_upload(&self, id: UploadId) -> Result<(), StoreError> {
        let Some(upload) = store::uploads::find(&self.table, id).await? else { return Ok(()) };
        if !upload.is_complete {
            parts::abort(&self.uploads, &upload.key, &upload.multipart_id).await;
        }
        parts::remove_newest(&self.uploads, &upload.key).await?;
        store::uploads::remove(&self.table, id).await
    }

    /// Removes what lies in the buckets, and the ledger.
    pub async fn sweep(&self, removal: &Removal) -> Result<(), StoreError> {
        store::removals::remove_ledger(&self.table, removal.asset_id).await?;
        for Object { key, version, .. } in &removal.objects {
            parts::remove(&self.uploads, key, version.as_deref()).await?;
        }
        self.films.remove(removal.asset_id).await
    }

    /// The last sweep: whoever worked on the film has ended.
    pub async fn finish(&self, removal: &Removal) -> Result<(), StoreError> {
        self.sweep(removal).await?;
        store::removals::end(&self.table, removal.asset_id).await
    }
}
