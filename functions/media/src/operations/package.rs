//! `media-package`: writes every playlist from ledger rows alone, the master last, so that nobody ever sees a half-made film.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, Boot, BootError, SqsMessage};

use crate::failure::Failure;
use crate::job::Kind;
use crate::objects::Films;
use crate::package;
use crate::pipeline::Product;
use crate::rows::{Rows, summary};
use crate::worker::{Task, Worker};

/// Writes playlists.
pub struct Package {
    worker: Worker,
    films: Films,
}

impl Consumer<SqsMessage> for Package {
    async fn consume(&self, message: SqsMessage, deadline: &Deadline) -> Outcome {
        self.worker.handle(&message, deadline, |task| self.package(task)).await
    }
}

impl Package {
    async fn package(&self, task: Task) -> Result<Product, Failure> {
        let (id, plan) = (task.asset.asset_id, task.plan()?);
        let rows = Rows::read(&self.worker.pipeline.store, &self.films, id).await?;
        let film = rows.film(&plan, Kind::Package.failure_code())?;
        for page in package::package(&plan, &film) {
            self.films.store_page(id, &page.key, page.content_type, &page.text).await?;
        }
        let note = serde_json::to_string(&summary(&plan, &film, rows.sprites.as_ref()));
        Ok(Product { result: None, note: note.ok() })
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<Package, BootError> {
    Ok(Package {
        worker: Worker::new(boot, Kind::Package, &[Kind::Verify])?,
        films: Films(boot.bucket("media", Access::ReadWrite)?),
    })
}
