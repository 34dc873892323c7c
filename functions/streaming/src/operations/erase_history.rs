//! `cinema.user.history_erased.v1` → where the profile had stopped is forgotten; what was watched later stays.

use events::{Consumer, Deadline, Event, HistoryErased, Outcome, project};
use runtime::Access;
use stores::Table;

use crate::store::positions;

runtime::wire! {
    pub struct EraseHistory {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
    }
}

impl Consumer<Event> for EraseHistory {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let erase = async |erased: HistoryErased| {
            positions::erase(&self.table, erased.profile, erased.title, erased.erased_at).await
        };
        project(&event, HistoryErased::read, erase).await
    }
}
