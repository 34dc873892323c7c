//! Every minute: repeats whatever a crash has left undone, and fails whatever cannot go on.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, Tick};
use stores::{
    Bucket, StoreError,
    aws_sdk_s3::types::{Tag, Tagging},
    trace,
};

use crate::{
    assets::{
        asset::{Asset, State},
        job::JobKind,
        object::Object,
        row::{FailureOutcome, JobRow, Status},
    },
    pipeline::{Pipeline, removal::Remover},
    store::{self, due::Due},
    uploads::upload::Upload,
};

runtime::wire! {
    pub struct Reconcile {
        pipeline: Pipeline = |boot| Pipeline::wire(boot, &JobKind::ALL),
        uploads: Bucket = |boot| boot.bucket("uploads", Access::ReadWrite),
        remover: Remover = Remover::wire,
    }
}

/// So many items of each shard in one round: what is left over comes in the next.
const ROUND: usize = 250;

impl Consumer<Tick> for Reconcile {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let due = match store::due::list(&self.pipeline.table, self.pipeline.world.now(), ROUND).await {
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
    /// In the trace of the item's asset, which its messages and events continue.
    async fn look_at(&self, item: Due) -> Result<(), StoreError> {
        let id = match &item {
            Due::Captions(captions) => return self.remover.sweep_captions(captions).await,
            Due::Asset(asset) => asset.asset_id,
            Due::Job(row) => row.asset_id,
            Due::Removal(removal) => removal.asset_id,
            Due::Upload(upload) => upload.asset_id,
        };
        // The index lags behind the table.
        let asset = store::assets::find(&self.pipeline.table, id).await?;
        let trace = asset.as_ref().and_then(Asset::trace).or_else(trace::current);
        let looked_at = async {
            match item {
                Due::Captions(_) => Ok(()),
                Due::Asset(_) => match &asset {
                    Some(asset) if asset.state == State::Ready => self.archive(asset).await,
                    Some(asset) => self.asset(asset).await,
                    None => Ok(()),
                },
                Due::Job(row) => self.job(&row, asset.as_ref()).await,
                Due::Removal(removal) => self.remover.finish(&removal).await,
                Due::Upload(upload) => self.upload(&upload, asset.as_ref()).await,
            }
        };
        trace::within(trace, looked_at).await
    }

    /// Moves on an asset whose last worker died between its row and the next state; fails one on which nothing happens.
    async fn asset(&self, asset: &Asset) -> Result<(), StoreError> {
        let Some(asset) = self.pipeline.advance(asset.asset_id).await? else { return Ok(()) };
        let table = &self.pipeline.table;
        let ledger = store::jobs::list(table, asset.asset_id).await?;
        let now = self.pipeline.world.now();
        let last_change = ledger.iter().map(|row| row.changed_at).max().unwrap_or(asset.updated_at);
        if let Some(error) = asset.stuck(last_change, now) {
            return self.pipeline.give_up(asset.asset_id, asset.retries, &error).await;
        }
        let next_look = |asset: &Asset| {
            let is_due = asset.state != State::Ready && asset.due_at.is_some_and(|at| at <= now);
            is_due.then(|| asset.looked_at(now))
        };
        store::assets::change(table, asset.asset_id, next_look).await.map(drop)
    }

    /// Sends the message of a job whose worker is dead, whose attempt has failed or whose message nobody has picked up.
    async fn job(&self, row: &JobRow, asset: Option<&Asset>) -> Result<(), StoreError> {
        let (table, now) = (&self.pipeline.table, self.pipeline.world.now());
        // A row from before a retry waits for the probe to hand it out.
        let is_idle = |row: &JobRow| asset.is_none_or(|asset| asset.is_over() || asset.has_outlived(row));
        if is_idle(row) {
            let not_due =
                |row: &JobRow| (is_idle(row) && row.due_at.is_some()).then(|| JobRow { due_at: None, ..row.clone() });
            return store::jobs::change(table, row.asset_id, &row.job, not_due).await.map(drop);
        }
        let Some(row) = store::jobs::find(table, row.asset_id, &row.job).await? else { return Ok(()) };
        if row.is_abandoned(now) {
            tracing::warn!(asset_id = %row.asset_id, job = %row.job, attempts = row.attempts, "its worker is dead");
            // Sent first: a message too many does nothing, one too few would cost minutes.
            if let Some(FailureOutcome::Continues(next)) = row.abandon(now)
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
        store::jobs::change(table, row.asset_id, &row.job, sent).await.map(drop)
    }

    /// Begins the work on an uploaded source whose notification was lost.
    async fn upload(&self, upload: &Upload, asset: Option<&Asset>) -> Result<(), StoreError> {
        if upload.is_complete
            && asset.is_some_and(|asset| asset.state == State::Uploading)
            && let Some(head) = self.uploads.head(&upload.key).await?
        {
            let version = head.version_id.filter(|version| version != "null");
            let identity = version.clone().or(head.e_tag).unwrap_or_default();
            let object = Object { bucket: self.uploads.name.clone(), key: upload.key.clone(), version, identity };
            self.pipeline.ingest(&object, upload.size).await?;
        }
        let not_due = |upload: &Upload| upload.due_at.is_some().then(|| Upload { due_at: None, ..upload.clone() });
        store::uploads::change(&self.pipeline.table, upload.upload_id, not_due).await.map(drop)
    }

    /// Marks the source of a ready film for the archive (the bucket's lifecycle moves marked objects) and drops its remuxed copy.
    async fn archive(&self, asset: &Asset) -> Result<(), StoreError> {
        if let Err(error) = self.put_away(asset).await {
            // Its film is ready whatever becomes of the source.
            tracing::warn!(asset_id = %asset.asset_id, %error, "source not archived");
        }
        let not_due = |asset: &Asset| asset.due_at.is_some().then(|| Asset { due_at: None, ..asset.clone() });
        store::assets::change(&self.pipeline.table, asset.asset_id, not_due).await.map(drop)
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
