//! Queue `media-chunks` → one chunk on all rungs from one decode. Every attempt stores the same bytes.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, SqsMessage};
use stores::Bucket;

use crate::{
    assets::{
        failure::Failure,
        job::{Job, JobKind},
    },
    encode::chunk,
    pipeline::{
        Product,
        films::Films,
        worker::{self, Task, Worker},
    },
    tools::ffmpeg::Tools,
};

runtime::wire! {
    pub struct EncodeChunk {
        worker: Worker = |boot| Worker::wire(boot, JobKind::Chunk, &[JobKind::Package]),
        tools: Tools,
        uploads: Bucket = |boot| boot.bucket("uploads", Access::Read),
        films: Films = |boot| Films::wire(boot, Access::Write),
    }
}

impl Consumer<SqsMessage> for EncodeChunk {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.encode(task)).await
    }
}

impl EncodeChunk {
    async fn encode(&self, task: Task) -> Result<Product, Failure> {
        let Job::Chunk(index) = task.job else { return Err(Failure::Tool { detail: "not a chunk".to_owned() }) };
        let (id, plan) = (task.asset.asset_id, task.plan()?);
        let input = worker::input(&self.uploads, task.asset.input.as_ref()).await?;
        let made = chunk::encode(&self.tools, &input, &plan, index, &task.folder, task.limits()).await?;
        self.films.store(id, &made.files).await?;
        let result = self.films.store_result(id, &task.job, &made.row).await?;
        Ok(Product { result: Some(result), note: None })
    }
}
