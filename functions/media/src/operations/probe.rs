//! `media-probe`: looks at the source, refuses what cannot become a film, and plans the work on the rest.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, Boot, BootError, SqsMessage};
use stores::Bucket;

use crate::asset::{Asset, Object, State};
use crate::container::HEAD_BYTES;
use crate::failure::Failure;
use crate::ffmpeg::{Input, Tools};
use crate::job::{JobRow, Kind, Message, Status};
use crate::objects::send_file;
use crate::pipeline::Product;
use crate::plan::{CHUNK_GOPS, Order, Plan};
use crate::source::{self, Source};
use crate::store::Changed;
use crate::worker::{self, Task, Worker};
use crate::{remux, sources};

/// A remuxed copy must fit the function's disk, beside what else lies there.
const LARGEST_REMUX_BYTES: u64 = 9 << 30;

/// Looks at sources.
pub struct Probe {
    worker: Worker,
    tools: Tools,
    uploads: Bucket,
    chunk_gops: u64,
}

impl Consumer<SqsMessage> for Probe {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.probe(task)).await
    }
}

impl Probe {
    async fn probe(&self, task: Task) -> Result<Product, Failure> {
        let id = task.asset.asset_id;
        if task.asset.state == State::Probing {
            let (input, source) = self.look(&task).await?;
            let origin = task.asset.origin.as_ref().map(Object::source_version).unwrap_or_default();
            let order =
                Order { source_version: origin, encoder: self.tools.build().await?, chunk_gops: self.chunk_gops };
            let plan = Plan::new(&source, &order);
            let now = self.worker.pipeline.store.world().now();
            self.worker.pipeline.store.change_asset(id, |asset| asset.planned(&input, &source, &plan, now)).await?;
        }
        // From here on a repetition finds the plan and only does what is missing.
        match self.worker.pipeline.store.change_asset(id, |_| None).await? {
            Changed::Not(asset) => self.hand_out(&asset).await?,
            Changed::To(_) | Changed::Absent => {}
        }
        Ok(Product::default())
    }

    /// What the workers shall read, and what it is.
    async fn look(&self, task: &Task) -> Result<(Object, Source), Failure> {
        let origin = task.asset.origin.clone().ok_or_else(|| Failure::Tool { detail: "no source".to_owned() })?;
        let size = sources::size(&self.uploads, &origin).await?;
        let head = sources::head(&self.uploads, &origin, size.min(HEAD_BYTES as u64)).await?;
        let input = worker::input(&self.uploads, Some(&origin)).await?;
        let source = source::probe(&self.tools, &input, size, &head).await?;
        if !source.needs_remux {
            return Ok((origin, source));
        }
        if size > LARGEST_REMUX_BYTES {
            let detail = "transport streams above 9 GiB are not accepted; put the video into an MP4 and upload that";
            return Err(Failure::refused("too_large_to_remux", detail));
        }
        self.remux(task, &input, &source).await
    }

    /// Copies the packets into a container that can be seeked in, and looks at that.
    async fn remux(&self, task: &Task, input: &Input, source: &Source) -> Result<(Object, Source), Failure> {
        let path = remux::to_mp4(&self.tools, input, source, &task.folder, task.limits()).await?;
        let failed = |error: std::io::Error| Failure::Passing { detail: format!("remuxed copy: {error}") };
        let size = std::fs::metadata(&path).map_err(failed)?.len();
        let head = sources::file_head(&path, HEAD_BYTES).map_err(failed)?;
        let probed = source::probe(&self.tools, &Input::File(path.clone()), size, &head).await?;
        let key = format!("work/{}/source.mp4", task.asset.asset_id);
        let version = send_file(&self.uploads, &key, &path, size).await?;
        let identity = version.clone().unwrap_or_default();
        let notes = source.notes.iter().chain(&probed.notes).cloned().collect();
        let captions = source.captions.clone();
        Ok((Object { bucket: self.uploads.name.clone(), key, version, identity }, Source { notes, captions, ..probed }))
    }

    /// Writes the ledger of the plan and sends its messages.
    async fn hand_out(&self, asset: &Asset) -> Result<(), Failure> {
        let (State::Encoding, Some(plan)) = (asset.state, asset.plan()) else { return Ok(()) };
        let pipeline = &self.worker.pipeline;
        let now = pipeline.store.world().now();
        let rows = plan.jobs().into_iter().map(|job| JobRow::new(asset.asset_id, job, now)).collect();
        pipeline.store.add_jobs(rows).await?;
        let ledger = pipeline.store.ledger(asset.asset_id).await?;
        for kind in [Kind::Chunk, Kind::Audio, Kind::Sprites] {
            let open = ledger.iter().filter(|row| row.job.kind() == kind && row.status == Status::Waiting);
            let messages: Vec<Message> = open.map(JobRow::message).collect();
            pipeline.send_all(kind, &messages).await?;
        }
        Ok(())
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<Probe, BootError> {
    // How finely films are cut; the default is one minute.
    let chunk_gops = boot.var("MEDIA_CHUNK_GOPS").and_then(|text| text.parse().ok()).unwrap_or(CHUNK_GOPS);
    Ok(Probe {
        worker: Worker::new(boot, Kind::Probe, &[Kind::Chunk, Kind::Audio, Kind::Sprites])?,
        tools: worker::tools(boot),
        uploads: boot.bucket("uploads", Access::ReadWrite)?,
        chunk_gops,
    })
}
