//! `media-encode-audio`: encodes one audio rendition from beginning to end.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, Boot, BootError, SqsMessage};
use stores::Bucket;

use crate::audio;
use crate::failure::Failure;
use crate::ffmpeg::Tools;
use crate::job::{Job, Kind};
use crate::objects::Films;
use crate::pipeline::Product;
use crate::worker::{self, Task, Worker};

/// Encodes sound.
pub struct EncodeAudio {
    worker: Worker,
    tools: Tools,
    uploads: Bucket,
    films: Films,
}

impl Consumer<SqsMessage> for EncodeAudio {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.encode(task)).await
    }
}

impl EncodeAudio {
    async fn encode(&self, task: Task) -> Result<Product, Failure> {
        let Job::Audio(name) = &task.job else { return Err(Failure::Tool { detail: "not a sound".to_owned() }) };
        let (id, plan) = (task.asset.asset_id, task.plan()?);
        let input = worker::input(&self.uploads, task.asset.input.as_ref()).await?;
        let made = audio::encode(&self.tools, &input, &plan, name, &task.folder, task.limits()).await?;
        self.films.store(id, &made.files).await?;
        let result = self.films.store_result(id, &task.job, &made.row).await?;
        Ok(Product { result: Some(result), note: None })
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<EncodeAudio, BootError> {
    Ok(EncodeAudio {
        worker: Worker::new(boot, Kind::Audio, &[Kind::Package])?,
        tools: worker::tools(boot),
        uploads: boot.bucket("uploads", Access::Read)?,
        films: Films(boot.bucket("media", Access::Write)?),
    })
}
