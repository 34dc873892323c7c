//! Every five minutes: all titles into the bucket, for pages that are made while the table does not answer.

use events::{Consumer, Deadline, Outcome};
use runtime::{Access, Tick};
use stores::{Bucket, Table};

use crate::store::{models, titles};

runtime::wire! {
    pub struct SnapshotTitles {
        table: Table = |boot| boot.table("tastes", Access::Read),
        bucket: Bucket = |boot| boot.bucket("models", Access::ReadWrite),
    }
}

impl Consumer<Tick> for SnapshotTitles {
    async fn consume(&self, _: Tick, _: &Deadline) -> Outcome {
        let copied = async { models::put_titles(&self.bucket, &titles::all(&self.table).await?).await };
        copied.await.map_or_else(Outcome::retry, |()| Outcome::Done)
    }
}
