//! A worker: from a message to a finished ledger row, with a lease that is renewed while it works and a clean end before the deadline.

use std::{
    future::Future,
    path::{Path, PathBuf},
    time::Duration,
};

use events::{Deadline, Outcome};
use runtime::{Boot, BootError, SqsMessage, Wire};
use stores::Bucket;

use crate::{
    assets::{
        asset::Asset,
        failure::Failure,
        job::{Job, JobKind, Message},
        object::Object,
        row::RENEW_EVERY,
    },
    pipeline::{Charge, LeasedJob, Pipeline, Product, Start},
    recipe::plan::Plan,
    tools::{ffmpeg::Tools, input::Input, limits::Limits},
};

/// What is kept back of an invocation to write down how it ended.
const MARGIN: Duration = Duration::from_secs(10);
/// Without a deadline, as long as a function may ever take.
const LONGEST: Duration = Duration::from_secs(900);
/// Less than this is not worth a beginning.
const SHORTEST: Duration = Duration::from_secs(5);
/// How long a source can be read: longer than any invocation.
const URL_LIFETIME: Duration = Duration::from_secs(3600);
/// Work folders of killed invocations are removed after so long.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);
const FOLDER_PREFIX: &str = "cinema-media-";

/// Works on jobs of one kind.
#[derive(Clone)]
pub struct Worker {
    pub pipeline: Pipeline,
    kind: JobKind,
    memory_mib: u32,
}

/// One attempt at a job.
pub struct Task {
    /// The asset as it was at the beginning.
    pub asset: Asset,
    pub job: Job,
    /// An empty folder of its own.
    pub folder: PathBuf,
    /// How long the work may take.
    pub time: Duration,
}

impl Worker {
    /// Wires the ledger and the queues of the stages that may follow.
    pub fn wire(boot: &Boot, kind: JobKind, next: &[JobKind]) -> Result<Self, BootError> {
        let memory = boot.var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|text| text.parse().ok());
        Ok(Self { pipeline: Pipeline::wire(boot, next)?, kind, memory_mib: memory.unwrap_or_default() })
    }

    /// Does the job of a message, unless it is done or somebody else does it.
    pub async fn handle<F>(
        &self,
        message: &SqsMessage,
        deadline: &Deadline,
        work: impl FnOnce(Task) -> F + Send,
    ) -> Outcome
    where
        F: Future<Output = Result<Product, Failure>> + Send,
    {
        let message: Message = match serde_json::from_str(&message.body) {
            Ok(message) => message,
            Err(error) => return Outcome::poison(format!("not a job: {error}")),
        };
        if message.job.kind() != self.kind {
            return Outcome::poison(format!("{} does not belong here", message.job));
        }
        let left = deadline.left().map_or(LONGEST, |left| left.try_into().unwrap_or_default());
        let time = left.saturating_sub(MARGIN);
        if time < SHORTEST {
            return Outcome::retry("too little time is left");
        }
        let owner = hex::encode(self.pipeline.world.bytes::<8>());
        match self.pipeline.lease(&message, &owner).await {
            Ok(Start::Now(leased)) => self.attempt(*leased, time, work).await,
            Ok(Start::Not(why)) => {
                tracing::info!(asset_id = %message.asset, job = %message.job, why, "nothing to do");
                Outcome::Done
            }
            Err(error) => Outcome::retry(error),
        }
    }

    async fn attempt<F>(&self, leased: LeasedJob, time: Duration, work: impl FnOnce(Task) -> F + Send) -> Outcome
    where
        F: Future<Output = Result<Product, Failure>> + Send,
    {
        let (id, job) = (leased.asset.asset_id, leased.job.clone());
        let began = self.pipeline.world.now();
        let folder = match Folder::new(&leased.owner) {
            Ok(folder) => folder,
            Err(error) => return Outcome::retry(format!("no work folder: {error}")),
        };
        let task = Task { asset: leased.asset.clone(), job: job.clone(), folder: folder.0.clone(), time };
        // Dropping the work ends its tools: a killed attempt leaves nothing running.
        let ended = tokio::select! {
            ended = tokio::time::timeout(time + MARGIN / 2, work(task)) => ended.unwrap_or_else(|_| Err(Failure::Transient {
                detail: format!("not done within {} s", time.as_secs()),
            })),
            () = self.keep(&leased) => {
                tracing::warn!(asset_id = %id, %job, "the lease is lost: somebody else goes on");
                return Outcome::Done;
            }
        };
        let worked = self.pipeline.world.now() - began;
        let worked_ms = u64::try_from(worked.whole_milliseconds()).unwrap_or_default();
        let charge = Charge { worked_ms, memory_mib: self.memory_mib };
        let written = match ended {
            Ok(product) => {
                tracing::info!(asset_id = %id, %job, worked_ms, "job done");
                self.pipeline.finish(&leased, product, charge).await
            }
            Err(failure) => {
                tracing::warn!(asset_id = %id, %job, worked_ms, %failure, "job failed");
                self.pipeline.fail(&leased, &failure, charge).await
            }
        };
        // What could not be written down, the reconciler finds out.
        written.map_or_else(Outcome::retry, |()| Outcome::Done)
    }

    /// Renews the lease; ends when it is lost.
    async fn keep(&self, leased: &LeasedJob) {
        let every = RENEW_EVERY.try_into().unwrap_or(SHORTEST);
        loop {
            tokio::time::sleep(every).await;
            match self.pipeline.renew(leased).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "lease not renewed"),
            }
        }
    }
}

impl Task {
    /// The asset's plan: jobs other than the probe begin after it was made.
    pub fn plan(&self) -> Result<Plan, Failure> {
        self.asset.plan().ok_or_else(|| Failure::Tool { detail: "the asset has no plan".to_owned() })
    }

    /// Limits for a tool that may use all the time there is.
    pub fn limits(&self) -> Limits {
        Limits::encode(self.time)
    }
}

impl Wire for Tools {
    /// The two media programs, from the first folder of `PATH` that has them: a layer's `bin`.
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        boot.layer("ffmpeg");
        let path = boot.var("PATH").unwrap_or_default();
        let folder = std::env::split_paths(&path).find(|folder| folder.join("ffmpeg").is_file());
        // A missing program is reported when it is started, with its name.
        let tools = Tools::in_folder(&folder.unwrap_or_else(|| "/opt/bin".into()));
        Ok(match boot.var("SSL_CERT_FILE") {
            Some(roots) => tools.with_ca_file(roots),
            None => tools,
        })
    }
}

/// A URL that reads exactly these bytes.
pub async fn input(uploads: &Bucket, object: Option<&Object>) -> Result<Input, Failure> {
    let object = object.ok_or_else(|| Failure::Tool { detail: "the asset has no source".to_owned() })?;
    Ok(Input::Url(uploads.presign_get(&object.key, object.version.as_deref(), URL_LIFETIME).await?))
}

/// A work folder that disappears with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new(owner: &str) -> std::io::Result<Self> {
        let parent = std::env::temp_dir();
        clear(&parent);
        let path = parent.join(format!("{FOLDER_PREFIX}{owner}"));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes the folders of invocations that were killed: the next one gets the same disk.
fn clear(parent: &Path) {
    let folders = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for folder in folders.filter(|folder| folder.file_name().to_string_lossy().starts_with(FOLDER_PREFIX)) {
        let age = folder.metadata().and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > LEFT_BEHIND) {
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}
