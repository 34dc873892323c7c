//! `cinema.auth.session_ended.v1` → its access tokens, which live some minutes more, prove nothing here any more.

use events::{Consumer, Deadline, Event, Outcome, SessionEnded, project};
use kernel::World;
use runtime::Access;
use stores::Table;

use crate::store::ended_logins;

runtime::wire! {
    pub struct ProjectLogins {
        table: Table = |boot| boot.table("playback", Access::Write),
        world: World,
    }
}

impl Consumer<Event> for ProjectLogins {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let put = async |ended: SessionEnded| {
            ended_logins::put(&self.table, ended.session, ended.ended_at, self.world.now()).await
        };
        project(&event, SessionEnded::read, put).await
    }
}
