//! `cinema.user.history_erased.v1` → the sessions that the profile had begun by then go, and their hours are computed again without them.

use events::{Consumer, Deadline, Event, HistoryErased, Outcome, project};
use kernel::World;
use stores::ClickHouse;

use crate::{forgotten::Forgotten, store::erased};

runtime::wire! {
    pub struct EraseHistory {
        clickhouse: ClickHouse,
        world: World,
    }
}

impl Consumer<Event> for EraseHistory {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, HistoryErased::read, async |history| {
            let forgotten = Forgotten::history(&history);
            erased::forget(&self.clickhouse, &forgotten, self.world.now(), self.world.id()).await.map(drop)
        })
        .await
    }
}
