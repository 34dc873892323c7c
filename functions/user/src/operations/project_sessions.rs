//! `session_ended` → its access tokens, which live some minutes more, prove nothing here any more.

use events::{Consumer, Deadline, Event, Outcome, SessionEnded, project};
use kernel::World;
use sqlx::PgPool;

use crate::store::ended_sessions;

runtime::wire! { pub struct ProjectSessions { pool: PgPool, world: World } }

impl Consumer<Event> for ProjectSessions {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let put = async |ended: SessionEnded| {
            Ok(ended_sessions::put(&self.pool, ended.session, ended.ended_at, self.world.now()).await?)
        };
        project(&event, SessionEnded::read, put).await
    }
}
