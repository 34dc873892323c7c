//! Queue `media-probe` → looks at the source, refuses what cannot become a film, and plans the work on the rest.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, SqsMessage};
use stores::Bucket;

use crate::{
    assets::{
        asset::{Asset, State},
        failure::Failure,
        job::{Job, JobKind, Message},
        object::Object,
        row::{JobRow, Status},
    },
    encode::{probe, remux},
    pipeline::{
        Product,
        films::send_file,
        sources,
        worker::{self, Task, Worker},
    },
    recipe::{
        plan::{CHUNK_GOPS, Plan, PlanOptions},
        source::Source,
    },
    store,
    tools::{container::HEAD_BYTES, ffmpeg::Tools, input::Input},
};

runtime::wire! {
    pub struct Probe {
        worker: Worker = |boot| {
            // The packager's, for an asset that is tried again with everything encoded.
            Worker::wire(boot, JobKind::Probe, &[JobKind::Chunk, JobKind::Audio, JobKind::Sprites, JobKind::Package])
        },
        tools: Tools,
        uploads: Bucket = |boot| boot.bucket("uploads", Access::ReadWrite),
        // How finely films are cut, in groups of pictures; the default is one minute.
        chunk_gops: u64 = |boot| {
            Ok(boot.var("MEDIA_CHUNK_GOPS").and_then(|text| text.parse().ok()).unwrap_or(CHUNK_GOPS))
        },
    }
}

/// A remuxed copy must fit the function's disk, beside what else lies there.
const LARGEST_REMUX_BYTES: u64 = 9 << 30;

impl Consumer<SqsMessage> for Probe {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.probe(task)).await
    }
}

impl Probe {
    async fn probe(&self, task: Task) -> Result<Product, Failure> {
        let (id, table) = (task.asset.asset_id, &self.worker.pipeline.table);
        if task.asset.state == State::Probing {
            let (input, source) = self.look(&task).await?;
            let origin = task.asset.origin.as_ref().map(Object::source_version).unwrap_or_default();
            let order =
                PlanOptions { source_version: origin, encoder: self.tools.build().await?, chunk_gops: self.chunk_gops };
            let plan = Plan::new(&source, &order);
            let now = self.worker.pipeline.world.now();
            let planned = |asset: &Asset| asset.planned(&input, &source, &plan, now);
            store::assets::change(table, id, planned).await?;
        }
        // From here on a repetition finds the plan and only does what is missing.
        if let Some(asset) = store::assets::find(table, id).await? {
            self.hand_out(&asset).await?;
        }
        Ok(Product::default())
    }

    /// What the workers shall read, and what it is.
    async fn look(&self, task: &Task) -> Result<(Object, Source), Failure> {
        let origin = task.asset.origin.clone().ok_or_else(|| Failure::Tool { detail: "no source".to_owned() })?;
        let size = sources::size(&self.uploads, &origin).await?;
        let head = sources::head(&self.uploads, &origin, size.min(HEAD_BYTES as u64)).await?;
        let input = worker::input(&self.uploads, Some(&origin)).await?;
        let source = probe::look_at(&self.tools, &input, size, &head).await?;
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
        let failed = |error: std::io::Error| Failure::Transient { detail: format!("remuxed copy: {error}") };
        let size = std::fs::metadata(&path).map_err(failed)?.len();
        let head = sources::file_head(&path, HEAD_BYTES).map_err(failed)?;
        let probed = probe::look_at(&self.tools, &Input::File(path.clone()), size, &head).await?;
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
        let now = pipeline.world.now();
        let (id, round) = (asset.asset_id, asset.retries);
        let jobs = Job::before_package(&plan);
        let new = |job: &Job| JobRow { round, ..JobRow::new(id, job.clone(), now) };
        store::jobs::add(&pipeline.table, jobs.iter().map(new).collect()).await?;
        let old = store::jobs::list(&pipeline.table, id).await?;
        for row in old.iter().filter(|row| asset.has_outlived(row) && jobs.contains(&row.job)) {
            let again = |row: &JobRow| asset.has_outlived(row).then(|| row.clone().again(round, now));
            store::jobs::change(&pipeline.table, id, &row.job, again).await?;
        }
        let ledger = store::jobs::list(&pipeline.table, asset.asset_id).await?;
        for kind in [JobKind::Chunk, JobKind::Audio, JobKind::Sprites] {
            let open = ledger.iter().filter(|row| row.job.kind() == kind && row.status == Status::Waiting);
            let messages: Vec<Message> = open.map(JobRow::message).collect();
            pipeline.send_all(kind, &messages).await?;
        }
        Ok(())
    }
}
