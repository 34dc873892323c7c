//! `media-reconcile`: every minute, repeats whatever a crash has left undone and fails whatever cannot go on.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, Boot, BootError, Tick};
use stores::aws_sdk_s3::types::{Tag, Tagging};
use stores::{Bucket, StoreError};

use crate::asset::{Asset, Object, State};
use crate::job::{JobRow, Kind, Status, Verdict};
use crate::pipeline::Pipeline;
use crate::store::Due;
use crate::upload::Upload;

/// So many items of each shard in one round: what is left over comes in the next.
const ROUND: i32 = 250;

/// Repeats and gives up.
pub struct Reconcile {
    pipeline: Pipeline,
    uploads: Bucket,
}

impl Consumer<Tick> for Reconcile {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let now = self.pipeline.store.world().now();
        let due = match self.pipeline.store.due(now, ROUND).await {
            Ok(due) => due,
            Err(error) => return Outcome::retry(error),
        };
        let mut failure = None;
        for item in due {
            if !deadline.allows(time::Duration::seconds(5)) {
                break;
            }
            // One bad item must not keep the others waiting.
            if let Err(error) = self.look_at(item).await {
                tracing::error!(%error, "an item could not be reconciled");
                failure = Some(error);
            }
        }
        failure.map_or(Outcome::Done, Outcome::retry)
    }
}

impl Reconcile {
    async fn look_at(&self, item: Due) -> Result<(), StoreError> {
        match item {
            Due::Asset(asset) if asset.state == State::Ready => self.archive(&asset).await,
            Due::Asset(asset) => self.asset(&asset).await,
            Due::Job(row) => self.job(&row).await,
            Due::Upload(upload) => self.upload(&upload).await,
        }
    }

    /// Moves on an asset whose last worker died between its row and the next stage; fails one on which nothing happens.
    async fn asset(&self, asset: &Asset) -> Result<(), StoreError> {
        let store = &self.pipeline.store;
        let Some(asset) = self.pipeline.advance(asset.asset_id).await? else { return Ok(()) };
        let ledger = store.ledger(asset.asset_id).await?;
        let now = store.world().now();
        let last_change = ledger.iter().map(|row| row.changed_at).max().unwrap_or(asset.updated_at);
        if let Some(trouble) = asset.stuck(last_change, now) {
            return self.pipeline.give_up(asset.asset_id, &trouble).await;
        }
        let again = |asset: &Asset| {
            let is_due = asset.state != State::Ready && asset.due_at.is_some_and(|at| at <= now);
            is_due.then(|| asset.looked_at(now))
        };
        store.change_asset(asset.asset_id, again).await.map(drop)
    }

    /// Sends a job again whose worker is dead, whose attempt has failed or whose message nobody has picked up.
    async fn job(&self, row: &JobRow) -> Result<(), StoreError> {
        let store = &self.pipeline.store;
        let now = store.world().now();
        let asset = store.asset(row.asset_id).await?;
        if asset.is_none_or(|asset| asset.is_over()) {
            let forget = |row: &JobRow| row.due_at.is_some().then(|| JobRow { due_at: None, ..row.clone() });
            return store.change_job(row.asset_id, &row.job, forget).await.map(drop);
        }
        // The index lags behind the table.
        let Some(row) = store.job(row.asset_id, &row.job).await? else { return Ok(()) };
        if row.is_abandoned(now) {
            tracing::warn!(asset_id = %row.asset_id, job = %row.job, attempts = row.attempts, "its worker is dead");
            // Sent first: a message too many does nothing, one too few would cost minutes.
            if let Some(Verdict::GoesOn(next)) = row.abandon(now)
                && next.status == Status::Waiting
            {
                self.pipeline.send(&row.message()).await?;
            }
            return self.pipeline.abandon(&row).await;
        }
        if row.status != Status::Waiting || row.due_at.is_none_or(|at| at > now) {
            return Ok(());
        }
        self.pipeline.send(&row.message()).await?;
        let sent = |row: &JobRow| (row.status == Status::Waiting).then(|| row.sent_again(now));
        store.change_job(row.asset_id, &row.job, sent).await.map(drop)
    }

    /// Begins the work on an uploaded source whose notification was lost.
    async fn upload(&self, upload: &Upload) -> Result<(), StoreError> {
        let store = &self.pipeline.store;
        let asset = store.asset(upload.asset_id).await?;
        if upload.is_complete
            && asset.is_some_and(|asset| asset.state == State::Uploading)
            && let Some(head) = self.uploads.head(&upload.key).await?
        {
            let version = head.version_id.filter(|version| version != "null");
            let identity = version.clone().or(head.e_tag).unwrap_or_default();
            let object = Object { bucket: self.uploads.name.clone(), key: upload.key.clone(), version, identity };
            self.pipeline.ingest(&object, upload.size).await?;
        }
        let seen = |upload: &Upload| upload.due_at.is_some().then(|| Upload { due_at: None, ..upload.clone() });
        store.change_upload(upload.upload_id, seen).await.map(drop)
    }

    /// Marks the source of a ready film for the archive (the bucket's lifecycle moves marked objects) and drops its remuxed copy.
    async fn archive(&self, asset: &Asset) -> Result<(), StoreError> {
        if let Err(error) = self.put_away(asset).await {
            // Its film is ready whatever becomes of the source.
            tracing::warn!(asset_id = %asset.asset_id, %error, "source not archived");
        }
        let seen = |asset: &Asset| asset.due_at.is_some().then(|| Asset { due_at: None, ..asset.clone() });
        self.pipeline.store.change_asset(asset.asset_id, seen).await.map(drop)
    }

    async fn put_away(&self, asset: &Asset) -> Result<(), StoreError> {
        let Some(origin) = &asset.origin else { return Ok(()) };
        let failed = |error| StoreError::new("s3", error);
        let tag = Tag::builder().key("archive").value("true").build().map_err(failed)?;
        let tags = Tagging::builder().tag_set(tag).build().map_err(failed)?;
        let (client, bucket) = (&self.uploads.client, &self.uploads.name);
        let put = client.put_object_tagging().bucket(bucket).key(&origin.key).set_version_id(origin.version.clone());
        put.tagging(tags).send().await.map_err(|error| StoreError::new("s3", error))?;
        if let Some(copy) = asset.input.as_ref().filter(|input| *input != origin) {
            let delete = client.delete_object().bucket(bucket).key(&copy.key).set_version_id(copy.version.clone());
            delete.send().await.map_err(|error| StoreError::new("s3", error))?;
        }
        Ok(())
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<Reconcile, BootError> {
    Ok(Reconcile { pipeline: Pipeline::new(boot, &Kind::ALL)?, uploads: boot.bucket("uploads", Access::ReadWrite)? })
}
