//! The beginning: from an object in bucket `uploads` to the first job of its asset.

use kernel::{AssetId, TitleId};
use stores::{StoreError, trace};

use super::Pipeline;
use crate::{
    assets::{asset::Asset, job::Job, object::Object},
    store::{self, Changed, MOST_CONFLICTS, TooManyConflicts},
    title::Title,
    uploads::upload::{Upload, upload_of},
};

/// Where an object comes from.
enum Origin {
    /// An upload announced it for this asset.
    Upload(AssetId),
    /// The inbox, or a further version under the key of an upload for this title.
    Found(Option<TitleId>),
    /// No upload announced it, or nobody wants it any more.
    Unwanted,
}

impl Pipeline {
    /// Begins the work on a source, once per version of an object, in the trace of the upload. Repeating it sends the first message
    /// while nobody has begun, and changes nothing else.
    pub async fn ingest(&self, object: &Object, size: u64) -> Result<(), StoreError> {
        for _ in 0..MOST_CONFLICTS {
            let origin = self.origin(object).await?;
            let is_announced = matches!(origin, Origin::Upload(_));
            let id = match origin {
                Origin::Upload(id) => id,
                Origin::Unwanted => return Ok(()),
                Origin::Found(title) => {
                    let step = Asset::found(object, title, size, self.world.now());
                    store::assets::add_found(&self.table, &step).await?;
                    object.asset_id()
                }
            };
            let Some(asset) = store::assets::find(&self.table, id).await? else {
                // Of an upload: it was removed with its title. Otherwise the title was deleted meanwhile, which the next round sees.
                if is_announced { return Ok(()) } else { continue }
            };
            // S3 carries no trace.
            let begun = trace::within(asset.trace().or_else(trace::current), self.begin(&asset, object, size));
            if begun.await? {
                return Ok(());
            }
        }
        Err(TooManyConflicts(object.key.clone()).into())
    }

    /// `false` when somebody else has changed the asset.
    async fn begin(&self, asset: &Asset, object: &Object, size: u64) -> Result<bool, StoreError> {
        let step = asset.received(object, size, self.world.now());
        if let Some(step) = step
            && !store::assets::write_step(&self.table, &step).await?
        {
            return Ok(false);
        }
        if let Some(row) = store::jobs::find(&self.table, asset.asset_id, &Job::Probe).await?
            && row.attempts == 0
            && !row.is_over()
        {
            self.send(&row.message()).await?;
        }
        Ok(true)
    }

    async fn origin(&self, object: &Object) -> Result<Origin, StoreError> {
        if object.key.starts_with("inbox/") {
            let title = object.title_id();
            store::titles::put(&self.table, &Title::dropped(title)).await?;
            return self.found(title, None).await;
        }
        let Some(id) = upload_of(&object.key) else { return Ok(Origin::Unwanted) };
        let first = |upload: &Upload| {
            let identity = Some(object.identity.clone());
            (upload.identity.is_none() && !upload.is_aborted).then(|| Upload { identity, ..upload.clone() })
        };
        Ok(match store::uploads::change(&self.table, id, first).await? {
            Changed::To(upload) => Origin::Upload(upload.asset_id),
            Changed::Not(upload) if upload.is_aborted => Origin::Unwanted,
            Changed::Not(upload) if upload.identity.as_ref() == Some(&object.identity) => {
                Origin::Upload(upload.asset_id)
            }
            Changed::Not(upload) => return self.found(upload.title_id, Some(upload.title_id)).await,
            Changed::Absent => {
                tracing::warn!(key = object.key, "no upload announced this source");
                Origin::Unwanted
            }
        })
    }

    /// For a title that is there.
    async fn found(&self, title: TitleId, announced: Option<TitleId>) -> Result<Origin, StoreError> {
        let is_there = store::titles::find(&self.table, title).await?.is_some_and(|title| !title.is_deleted);
        Ok(if is_there { Origin::Found(announced) } else { Origin::Unwanted })
    }
}
