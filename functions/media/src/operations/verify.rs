//! `media-verify`: proves over every stored byte and every joint that the film is whole; only then is the asset ready.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, Boot, BootError, SqsMessage};
use stores::Bucket;

use crate::failure::Failure;
use crate::ffmpeg::Tools;
use crate::inspection::Inspection;
use crate::job::Kind;
use crate::objects::Films;
use crate::pipeline::Product;
use crate::rows::Rows;
use crate::worker::{self, Task, Worker};

/// Proves films.
pub struct Verify {
    worker: Worker,
    tools: Tools,
    uploads: Bucket,
    films: Films,
}

impl Consumer<SqsMessage> for Verify {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.verify(task)).await
    }
}

impl Verify {
    async fn verify(&self, task: Task) -> Result<Product, Failure> {
        let (id, plan) = (task.asset.asset_id, task.plan()?);
        let rows = Rows::read(&self.worker.pipeline.store, &self.films, id).await?;
        let film = rows.film(&plan, Kind::Verify.failure_code())?;
        let input = worker::input(&self.uploads, task.asset.input.as_ref()).await?;
        let (tools, films) = (&self.tools, &self.films);
        let inspection = Inspection { tools, input: &input, films, task: &task, plan: &plan, rows: &rows };
        let (proof, summary) = inspection.run(&film).await?;
        let result = self.films.store_result(id, &task.job, &proof).await?;
        Ok(Product { result: Some(result), note: serde_json::to_string(&summary).ok() })
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<Verify, BootError> {
    Ok(Verify {
        worker: Worker::new(boot, Kind::Verify, &[])?,
        tools: worker::tools(boot),
        uploads: boot.bucket("uploads", Access::Read)?,
        films: Films(boot.bucket("media", Access::ReadWrite)?),
    })
}
