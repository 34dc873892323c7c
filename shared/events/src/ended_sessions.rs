//! Login sessions that ended lately: their access tokens live some minutes more, but change and prove nothing any more. A service that keeps them
//! in Postgres has the table
//!
//! ```sql
//! create table ended_sessions (session_id text primary key, ended_at timestamptz not null);
//! ```
//! and the consumer [`ProjectSessions`].

use kernel::{SessionId, World};
use sqlx::PgPool;
use stores::StoreError;
use time::Duration;

use crate::{Consumer, Deadline, Event, Outcome, SessionEnded, project};

/// Six times as long as an access token lives.
const KEPT: Duration = Duration::hours(1);

/// The table `ended_sessions` of a service.
#[derive(Clone)]
pub struct EndedSessions {
    pool: PgPool,
    world: World,
}

impl EndedSessions {
    /// In the schema that the pool looks at.
    pub fn new(pool: PgPool, world: World) -> Self {
        Self { pool, world }
    }

    /// Whether a session is known to have ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn contains(&self, session: SessionId) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar("select exists (select from ended_sessions where session_id = $1)");
        Ok(found.bind(session).fetch_one(&self.pool).await?)
    }

    /// Notes that a session has ended, and forgets those whose tokens have all expired.
    async fn put(&self, ended: SessionEnded) -> Result<(), StoreError> {
        sqlx::query(
            "with expired as (delete from ended_sessions where ended_at < $3) \
             insert into ended_sessions (session_id, ended_at) select $1, $2 where $2 >= $3 on conflict do nothing",
        )
        .bind(ended.session)
        .bind(ended.ended_at)
        .bind(self.world.now() - KEPT)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// `cinema.auth.session_ended.v1` → [`EndedSessions`].
#[derive(Clone)]
pub struct ProjectSessions(EndedSessions);

impl ProjectSessions {
    /// Keeps them there.
    pub fn new(ended: EndedSessions) -> Self {
        Self(ended)
    }
}

impl Consumer<Event> for ProjectSessions {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, SessionEnded::read, async |ended| self.0.put(ended).await).await
    }
}
