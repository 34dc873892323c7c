//! The pipeline: leases jobs, writes down how they end, and moves an asset to its next state when its ledger allows it.
//!
//! Every step is safe to repeat and safe to lose: rows are written before messages are sent, and the reconciler repeats
//! whatever a crash has left undone.

pub mod films;
mod ingest;
pub mod inspection;
pub mod removal;
pub mod results;
pub mod sources;
pub mod worker;

use std::{collections::BTreeMap, sync::Arc};

use kernel::{AssetId, World};
use runtime::{Access, Boot, BootError};
use stores::{Queue, StoreError, Table};

use crate::{
    assets::{
        asset::Asset,
        failure::{AssetError, Failure},
        job::{Job, JobKind, Message},
        row::{FailureOutcome, JobRow, Lease},
    },
    store::{self, Changed, MOST_CONFLICTS, TooManyConflicts},
};

/// The table, and the queues that its owner may send to.
#[derive(Clone)]
pub struct Pipeline {
    /// `assets`.
    pub table: Table,
    pub world: World,
    queues: Arc<BTreeMap<JobKind, Queue>>,
}

/// A job that its owner may work on.
#[derive(Debug, Clone)]
pub struct LeasedJob {
    /// As it was when the lease began.
    pub asset: Asset,
    pub job: Job,
    /// The invocation that holds the lease.
    pub owner: String,
}

/// Whether work may begin.
#[derive(Debug)]
pub enum Start {
    /// It may.
    Now(Box<LeasedJob>),
    /// It may not, and nothing is lost: somebody else works on it, or nothing is left to do.
    Not(&'static str),
}

/// What a job has made.
#[derive(Debug, Clone, Default)]
pub struct Product {
    /// Key of the full result in bucket `media`.
    pub result: Option<String>,
    /// What the next job must know of it, as JSON.
    pub note: Option<String>,
}

/// What an attempt has cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Charge {
    pub worked_ms: u64,
    /// Of the function.
    pub memory_mib: u32,
}

impl Pipeline {
    /// Wires the table and the queues of the jobs that may follow.
    pub fn wire(boot: &Boot, next: &[JobKind]) -> Result<Self, BootError> {
        let queue = |kind: &JobKind| Ok::<_, BootError>((*kind, boot.queue(kind.queue())?));
        Ok(Self {
            table: boot.table("assets", Access::ReadWrite)?,
            world: boot.world(),
            queues: Arc::new(next.iter().map(queue).collect::<Result<_, _>>()?),
        })
    }

    /// Leases a job to `owner`.
    pub async fn lease(&self, message: &Message, owner: &str) -> Result<Start, StoreError> {
        let asset = store::assets::find(&self.table, message.asset).await?;
        let Some(asset) = asset else { return Ok(Start::Not("unknown asset")) };
        if asset.is_over() {
            return Ok(Start::Not("the asset is finished"));
        }
        let now = self.world.now();
        let lease = |row: &JobRow| match row.lease(owner, now) {
            Lease::Granted(granted) if !asset.has_outlived(row) => Some(*granted),
            Lease::Granted(_) | Lease::Held | Lease::Unneeded => None,
        };
        Ok(match store::jobs::change(&self.table, message.asset, &message.job, lease).await? {
            Changed::To(_) => {
                Start::Now(Box::new(LeasedJob { asset, job: message.job.clone(), owner: owner.to_owned() }))
            }
            Changed::Not(row) if row.is_over() => Start::Not("done already"),
            Changed::Not(_) => Start::Not("somebody else works on it"),
            Changed::Absent => Start::Not("unknown job"),
        })
    }

    /// Renews the lease; `false` when it was lost.
    pub async fn renew(&self, leased: &LeasedJob) -> Result<bool, StoreError> {
        let now = self.world.now();
        let renew = |row: &JobRow| row.renew(&leased.owner, now);
        let renewed = store::jobs::change(&self.table, leased.asset.asset_id, &leased.job, renew).await?;
        Ok(matches!(renewed, Changed::To(_)))
    }

    /// Writes down that a job is done, and moves the asset on.
    pub async fn finish(&self, leased: &LeasedJob, product: Product, charge: Charge) -> Result<(), StoreError> {
        let now = self.world.now();
        let id = leased.asset.asset_id;
        let finish = |row: &JobRow| {
            let done = row.finish(&leased.owner, product.result.clone(), product.note.clone(), now)?;
            Some(done.charged(charge.worked_ms, charge.memory_mib))
        };
        store::jobs::change(&self.table, id, &leased.job, finish).await?;
        self.advance(id).await.map(drop)
    }

    /// Writes down that an attempt has failed.
    pub async fn fail(&self, leased: &LeasedJob, failure: &Failure, charge: Charge) -> Result<(), StoreError> {
        let now = self.world.now();
        let outcome = |row: &JobRow| row.fail(&leased.owner, failure, now);
        self.conclude(leased.asset.asset_id, &leased.job, outcome, charge).await
    }

    /// Writes down that the worker of a job is gone. The caller sends the job's message if it goes on.
    pub async fn abandon(&self, row: &JobRow) -> Result<(), StoreError> {
        let now = self.world.now();
        self.conclude(row.asset_id, &row.job, |row| row.abandon(now), Charge::default()).await
    }

    async fn conclude(
        &self,
        id: AssetId,
        job: &Job,
        outcome: impl Fn(&JobRow) -> Option<FailureOutcome>,
        charge: Charge,
    ) -> Result<(), StoreError> {
        let next = |row: &JobRow| match outcome(row)? {
            FailureOutcome::Continues(row) => Some(row.charged(charge.worked_ms, charge.memory_mib)),
            FailureOutcome::FailsAsset(_) => None,
        };
        match store::jobs::change(&self.table, id, job, next).await? {
            Changed::To(row) if row.is_over() => self.advance(id).await.map(drop),
            Changed::To(_) | Changed::Absent => Ok(()),
            Changed::Not(row) => match outcome(&row) {
                Some(FailureOutcome::FailsAsset(error)) => self.give_up(id, row.round, &error).await,
                _ => Ok(()),
            },
        }
    }

    /// Fails the asset, unless it is finished or was tried again since this round.
    pub async fn give_up(&self, id: AssetId, round: u32, error: &AssetError) -> Result<(), StoreError> {
        let now = self.world.now();
        let fail = |asset: &Asset| asset.failed(error.clone(), now).filter(|asset| asset.retries == round);
        let failed = store::assets::change(&self.table, id, fail).await?;
        if let Changed::To(_) = failed {
            tracing::error!(asset_id = %id, code = error.code, detail = error.detail, "asset failed");
        }
        Ok(())
    }

    /// Moves the asset on as far as its ledger allows; returns it as it then is.
    pub async fn advance(&self, id: AssetId) -> Result<Option<Asset>, StoreError> {
        for _ in 0..MOST_CONFLICTS {
            let Some(asset) = store::assets::find(&self.table, id).await? else { return Ok(None) };
            let rows = store::jobs::list(&self.table, id).await?;
            let Some(step) = asset.advanced(&rows, self.world.now()) else { return Ok(Some(asset)) };
            if !store::assets::write_step(&self.table, &step).await? {
                continue;
            }
            tracing::info!(asset_id = %id, state = ?step.0.state, "asset goes on");
            self.send_or_leave(step.1.as_ref()).await;
        }
        Err(TooManyConflicts(id.to_string()).into())
    }

    /// Sends the message of a new job; the reconciler sends what cannot be sent now.
    pub async fn send_or_leave(&self, row: Option<&JobRow>) {
        let Some(row) = row else { return };
        if let Err(error) = self.send(&row.message()).await {
            tracing::warn!(%error, "message is left to the reconciler");
        }
    }

    /// Sends a job's message; `false` when this function may not send to its queue.
    pub async fn send(&self, message: &Message) -> Result<bool, StoreError> {
        let Some(queue) = self.queues.get(&message.job.kind()) else { return Ok(false) };
        queue.send(&serde_json::to_string(message).unwrap_or_default(), None).await?;
        Ok(true)
    }

    /// Sends many messages of one kind in batches.
    pub async fn send_all(&self, kind: JobKind, messages: &[Message]) -> Result<(), StoreError> {
        let Some(queue) = self.queues.get(&kind) else { return Ok(()) };
        let bodies: Vec<String> = messages.iter().filter_map(|message| serde_json::to_string(message).ok()).collect();
        queue.send_all(&bodies).await
    }
}
