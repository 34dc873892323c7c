//! Queue `media-package` → every playlist from ledger rows alone, the master last, so that no player sees a half-made film.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, SqsMessage};

use crate::{
    assets::{failure::Failure, job::JobKind},
    film::package,
    pipeline::{
        Product,
        films::Films,
        results::{Results, summary},
        worker::{Task, Worker},
    },
};

runtime::wire! {
    pub struct Package {
        worker: Worker = |boot| Worker::wire(boot, JobKind::Package, &[JobKind::Verify]),
        films: Films = |boot| Films::wire(boot, Access::ReadWrite),
    }
}

impl Consumer<SqsMessage> for Package {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.package(task)).await
    }
}

impl Package {
    async fn package(&self, task: Task) -> Result<Product, Failure> {
        let (id, plan) = (task.asset.asset_id, task.plan()?);
        let results = Results::read(&self.worker.pipeline.table, &self.films, id).await?;
        let film = results.film(&plan, JobKind::Package.failure_code())?;
        let warnings = results.damage(&plan)?;
        for page in package::package(&plan, &film) {
            self.films.store_page(id, &page.key, page.content_type, &page.text).await?;
        }
        let note = serde_json::to_string(&summary(&plan, &film, results.sprites.as_ref(), warnings));
        Ok(Product { result: None, note: note.ok() })
    }
}
