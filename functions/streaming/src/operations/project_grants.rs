//! `cinema.user.entitlements_changed.v1` → what an account may watch on how many screens; the highest sequence stays.

use events::{Consumer, Deadline, Entitlements, Event, Outcome, project};
use runtime::Access;
use stores::Table;

use crate::{grant::Grant, store::grants};

runtime::wire! {
    pub struct ProjectGrants {
        table: Table = |boot| boot.table("playback", Access::Write),
    }
}

impl Consumer<Event> for ProjectGrants {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let put = async |paid: Entitlements| grants::put(&self.table, paid.account, &Grant::from(paid)).await;
        project(&event, Entitlements::read, put).await
    }
}
