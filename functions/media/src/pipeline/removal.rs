//! The films and captions of a deleted title go: sources, segments, ledger, and what a worker stores that has not heard of it yet.

use kernel::{TitleId, UploadId, World};
use runtime::{Access, Boot, BootError};
use stores::{Bucket, StoreError, Table};

use crate::{
    assets::{object::Object, removal::Removal},
    captions::title::{Leftover, Place, TitleCaptions},
    pipeline::films::Films,
    store::{self, MOST_CONFLICTS, TooManyConflicts},
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

    /// Removes the captions of a title and every file of theirs.
    pub async fn remove_captions(&self, title: TitleId) -> Result<(), StoreError> {
        for _ in 0..MOST_CONFLICTS {
            let Some(captions) = store::captions::find(&self.table, title).await? else { return Ok(()) };
            for key in captions.tracks.iter().filter_map(|track| Some(&track.offered.as_ref()?.key)) {
                self.films.remove_captions(key).await?;
            }
            for leftover in &captions.leftovers {
                self.remove_leftover(leftover).await?;
            }
            // The item goes last and only as it was read: whatever was added meanwhile is seen in the next round.
            if store::captions::remove(&self.table, &captions).await? {
                return Ok(());
            }
        }
        Err(TooManyConflicts(title.to_string()).into())
    }

    /// Removes the files of captions that have outlived their readers.
    pub async fn sweep_captions(&self, captions: &TitleCaptions) -> Result<(), StoreError> {
        let outlived: Vec<Leftover> = captions.outlived(self.world.now()).cloned().collect();
        for leftover in &outlived {
            self.remove_leftover(leftover).await?;
        }
        store::captions::change(&self.table, captions.title_id, |captions| Some(captions.swept(&outlived)))
            .await
            .map(drop)
    }

    async fn remove_leftover(&self, leftover: &Leftover) -> Result<(), StoreError> {
        match leftover.place {
            Place::Uploads => parts::remove_all(&self.uploads, &leftover.key).await,
            Place::Media => self.films.remove_captions(&leftover.key).await,
        }
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
