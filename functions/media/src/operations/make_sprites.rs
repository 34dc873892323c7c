//! Queue `media-sprites` → seek pictures and the poster. A film without them is still a film.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, SqsMessage};
use stores::Bucket;

use crate::{
    assets::{failure::Failure, job::JobKind},
    encode::sprites,
    pipeline::{
        Product,
        films::Films,
        worker::{self, Task, Worker},
    },
    tools::ffmpeg::Tools,
};

runtime::wire! {
    pub struct MakeSprites {
        worker: Worker = |boot| Worker::wire(boot, JobKind::Sprites, &[JobKind::Package]),
        tools: Tools,
        uploads: Bucket = |boot| boot.bucket("uploads", Access::Read),
        films: Films = |boot| Films::wire(boot, Access::Write),
    }
}

impl Consumer<SqsMessage> for MakeSprites {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.make(task)).await
    }
}

impl MakeSprites {
    async fn make(&self, task: Task) -> Result<Product, Failure> {
        let (id, plan) = (task.asset.asset_id, task.plan()?);
        let input = worker::input(&self.uploads, task.asset.input.as_ref()).await?;
        let made = sprites::make(&self.tools, &input, &plan, &task.folder, task.limits()).await?;
        self.films.store(id, &made.files).await?;
        let result = self.films.store_result(id, &task.job, &made.row).await?;
        Ok(Product { result: Some(result), note: None })
    }
}
