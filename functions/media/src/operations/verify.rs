//! Queue `media-verify` → proves over every stored byte and every joint that the film is whole; only then is the asset ready.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, SqsMessage};
use stores::Bucket;

use crate::{
    assets::{failure::Failure, job::JobKind},
    pipeline::{
        Product,
        films::Films,
        inspection::Inspection,
        results::Results,
        worker::{self, Task, Worker},
    },
    tools::ffmpeg::Tools,
};

runtime::wire! {
    pub struct Verify {
        worker: Worker = |boot| Worker::wire(boot, JobKind::Verify, &[]),
        tools: Tools,
        uploads: Bucket = |boot| boot.bucket("uploads", Access::Read),
        films: Films = |boot| Films::wire(boot, Access::ReadWrite),
    }
}

impl Consumer<SqsMessage> for Verify {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.verify(task)).await
    }
}

impl Verify {
    async fn verify(&self, task: Task) -> Result<Product, Failure> {
        let (id, plan) = (task.asset.asset_id, task.plan()?);
        let results = Results::read(&self.worker.pipeline.table, &self.films, id).await?;
        let film = results.film(&plan, JobKind::Verify.failure_code())?;
        let input = worker::input(&self.uploads, task.asset.input.as_ref()).await?;
        let (tools, films) = (&self.tools, &self.films);
        let inspection = Inspection { tools, input: &input, films, task: &task, plan: &plan, results: &results };
        let (proof, summary) = inspection.run(&film).await?;
        let result = self.films.store_result(id, &task.job, &proof).await?;
        Ok(Product { result: Some(result), note: serde_json::to_string(&summary).ok() })
    }
}
