//! The pipeline: claims jobs, writes down how they end, and moves an asset to its next stage when its ledger allows it.
//!
//! Every step is safe to repeat and safe to lose: rows are written before messages are sent, and the reconciler repeats
//! whatever a crash has left undone.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::AssetId;
use runtime::{Boot, BootError};
use stores::{Queue, StoreError};

use crate::asset::{Asset, Object};
use crate::failure::{Failure, Trouble};
use crate::job::{Claim, Job, JobRow, Kind, Message, Verdict};
use crate::store::{Changed, Store};

/// So often a step is decided again when others were faster.
const MOST_CONFLICTS: usize = 20;

/// The ledger, and the queues that its owner may send to.
#[derive(Clone)]
pub struct Pipeline {
    /// The table.
    pub store: Store,
    queues: Arc<BTreeMap<Kind, Queue>>,
}

/// A job that somebody may work on now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The asset as it was.
    pub asset: Asset,
    /// Which job.
    pub job: Job,
    /// Who holds the lease.
    pub owner: String,
}

/// Whether work may begin.
#[derive(Debug)]
pub enum Start {
    /// It may.
    Now(Box<Claimed>),
    /// It may not, and nothing is lost: somebody else works on it, or nothing is left to do.
    Not(&'static str),
}

impl Pipeline {
    /// Wires the table and the queues of the stages that may follow.
    pub fn new(boot: &Boot, next: &[Kind]) -> Result<Self, BootError> {
        let table = boot.table("assets", runtime::Access::ReadWrite)?;
        let queue = |kind: &Kind| Ok::<_, BootError>((*kind, boot.queue(kind.queue())?));
        let queues = next.iter().map(queue).collect::<Result<_, _>>()?;
        Ok(Self { store: Store::new(table, boot.world()), queues: Arc::new(queues) })
    }

    /// Begins the work on a source, once per version of an object. Repeating it sends the first message again while nobody
    /// has begun, and changes nothing else.
    pub async fn ingest(&self, object: &Object, size: u64) -> Result<(), StoreError> {
        for _ in 0..MOST_CONFLICTS {
            let id = match self.announced(object).await? {
                Origin::Upload(id) => id,
                Origin::Stranger => return Ok(()),
                Origin::Found(title) => {
                    let (asset, probe) = Asset::found(object, title, size, self.store.world().now());
                    self.store.write_step(&(asset, probe)).await?;
                    object.asset_id()
                }
            };
            let Some(asset) = self.store.asset(id).await? else { continue };
            let stored = match asset.received(object, size, self.store.world().now()) {
                Some(step) => self.store.write_step(&step).await?,
                None => true,
            };
            if stored {
                return self.send_unbegun(id, &Job::Probe).await;
            }
        }
        Err(too_many_conflicts(&object.key))
    }

    /// Whose source an object is.
    async fn announced(&self, object: &Object) -> Result<Origin, StoreError> {
        if object.key.starts_with("inbox/") {
            return Ok(Origin::Found(None));
        }
        let Some(id) = crate::upload::upload_of(&object.key) else { return Ok(Origin::Stranger) };
        let first = |upload: &crate::upload::Upload| {
            let identity = Some(object.identity.clone());
            upload.identity.is_none().then(|| crate::upload::Upload { identity, ..upload.clone() })
        };
        Ok(match self.store.change_upload(id, first).await? {
            Changed::To(upload) => Origin::Upload(upload.asset_id),
            Changed::Not(upload) if upload.identity.as_ref() == Some(&object.identity) => {
                Origin::Upload(upload.asset_id)
            }
            Changed::Not(upload) => Origin::Found(Some(upload.title_id)),
            Changed::Absent => {
                tracing::warn!(key = object.key, "nobody has announced this source");
                Origin::Stranger
            }
        })
    }

    async fn send_unbegun(&self, id: AssetId, job: &Job) -> Result<(), StoreError> {
        match self.store.job(id, job).await? {
            Some(row) if row.attempts == 0 && !row.is_over() => self.send(&row.message()).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Claims a job for `owner`.
    pub async fn claim(&self, message: &Message, owner: &str) -> Result<Start, StoreError> {
        let Some(asset) = self.store.asset(message.asset).await? else { return Ok(Start::Not("unknown asset")) };
        if asset.is_over() {
            return Ok(Start::Not("the asset is finished"));
        }
        let now = self.store.world().now();
        let claim = |row: &JobRow| match row.claim(owner, now) {
            Claim::Mine(row) => Some(*row),
            Claim::Busy | Claim::Over => None,
        };
        Ok(match self.store.change_job(message.asset, &message.job, claim).await? {
            Changed::To(_) => {
                let claimed = Claimed { asset, job: message.job.clone(), owner: owner.to_owned() };
                Start::Now(Box::new(claimed))
            }
            Changed::Not(row) if row.is_over() => Start::Not("done already"),
            Changed::Not(_) => Start::Not("somebody else works on it"),
            Changed::Absent => Start::Not("unknown job"),
        })
    }

    /// Renews the lease; `false` when it was lost.
    pub async fn renew(&self, claimed: &Claimed) -> Result<bool, StoreError> {
        let now = self.store.world().now();
        let renewed =
            self.store.change_job(claimed.asset.asset_id, &claimed.job, |row| row.renew(&claimed.owner, now)).await?;
        Ok(matches!(renewed, Changed::To(_)))
    }

    /// Writes down that a job is done, and moves the asset on.
    pub async fn finish(&self, claimed: &Claimed, product: Product, charge: Charge) -> Result<(), StoreError> {
        let now = self.store.world().now();
        let id = claimed.asset.asset_id;
        let finish = |row: &JobRow| {
            let done = row.finish(&claimed.owner, product.result.clone(), product.note.clone(), now)?;
            Some(done.charged(charge.worked_ms, charge.memory_mib))
        };
        self.store.change_job(id, &claimed.job, finish).await?;
        self.advance(id).await.map(drop)
    }

    /// Writes down that an attempt has failed.
    pub async fn fail(&self, claimed: &Claimed, failure: &Failure, charge: Charge) -> Result<(), StoreError> {
        let now = self.store.world().now();
        let verdict = |row: &JobRow| row.fail(&claimed.owner, failure, now);
        self.conclude(claimed.asset.asset_id, &claimed.job, verdict, charge).await
    }

    /// Writes down that the worker of a job is gone. The caller sends the job's message if it goes on.
    pub async fn abandon(&self, row: &JobRow) -> Result<(), StoreError> {
        let now = self.store.world().now();
        self.conclude(row.asset_id, &row.job, |row| row.abandon(now), Charge::default()).await
    }

    async fn conclude(
        &self,
        id: AssetId,
        job: &Job,
        verdict: impl Fn(&JobRow) -> Option<Verdict>,
        charge: Charge,
    ) -> Result<(), StoreError> {
        let goes_on = |row: &JobRow| match verdict(row)? {
            Verdict::GoesOn(row) => Some(row.charged(charge.worked_ms, charge.memory_mib)),
            Verdict::Fatal(_) => None,
        };
        match self.store.change_job(id, job, goes_on).await? {
            Changed::To(row) if row.is_over() => self.advance(id).await.map(drop),
            Changed::To(_) | Changed::Absent => Ok(()),
            Changed::Not(row) => match verdict(&row) {
                Some(Verdict::Fatal(trouble)) => self.give_up(id, &trouble).await,
                _ => Ok(()),
            },
        }
    }

    /// Fails the asset, unless it is finished.
    pub async fn give_up(&self, id: AssetId, trouble: &Trouble) -> Result<(), StoreError> {
        let now = self.store.world().now();
        let failed = self.store.change_asset(id, |asset| asset.failed(trouble.clone(), now)).await?;
        if let Changed::To(_) = failed {
            tracing::error!(asset_id = %id, code = trouble.code, detail = trouble.detail, "asset failed");
        }
        Ok(())
    }

    /// Moves the asset on as far as its ledger allows; returns it as it then is.
    pub async fn advance(&self, id: AssetId) -> Result<Option<Asset>, StoreError> {
        for _ in 0..MOST_CONFLICTS {
            let Some(asset) = self.store.asset(id).await? else { return Ok(None) };
            let rows = self.store.ledger(id).await?;
            let Some(step) = asset.advanced(&rows, self.store.world().now()) else { return Ok(Some(asset)) };
            if !self.store.write_step(&step).await? {
                continue;
            }
            tracing::info!(asset_id = %id, state = ?step.0.state, "asset goes on");
            if let Some(row) = &step.1
                && let Err(error) = self.send(&row.message()).await
            {
                tracing::warn!(%error, "message is left to the reconciler");
            }
        }
        Err(too_many_conflicts(&id.to_string()))
    }

    /// Sends a job's message; `false` when this function may not send to its queue.
    pub async fn send(&self, message: &Message) -> Result<bool, StoreError> {
        let Some(queue) = self.queues.get(&message.job.kind()) else { return Ok(false) };
        queue.send(&serde_json::to_string(message).unwrap_or_default(), None).await?;
        Ok(true)
    }

    /// Sends many messages of one kind in batches.
    pub async fn send_all(&self, kind: Kind, messages: &[Message]) -> Result<(), StoreError> {
        let Some(queue) = self.queues.get(&kind) else { return Ok(()) };
        let bodies: Vec<String> = messages.iter().filter_map(|message| serde_json::to_string(message).ok()).collect();
        queue.send_all(&bodies).await
    }
}

/// What a job has made.
#[derive(Debug, Clone, Default)]
pub struct Product {
    /// Where the full result lies in bucket `media`.
    pub result: Option<String>,
    /// What the next stage must know of it, as JSON.
    pub note: Option<String>,
}

/// What an attempt has cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Charge {
    /// Its time.
    pub worked_ms: u64,
    /// The function's memory.
    pub memory_mib: u32,
}

/// Where an object comes from.
enum Origin {
    /// An upload announced it for this asset.
    Upload(AssetId),
    /// The inbox, or a further version under the key of an upload for this title.
    Found(Option<kernel::TitleId>),
    /// Nobody knows it.
    Stranger,
}

fn too_many_conflicts(what: &str) -> StoreError {
    StoreError { engine: "dynamodb", detail: format!("{what} changes all the time") }
}
