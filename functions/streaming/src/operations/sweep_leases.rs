//! Every minute: sessions whose lease has ended and that nobody has closed are closed, and the live ones counted.
//!
//! The table's stream tells of each that it has expired, as when a report or a start notes it first: whoever is faster changes the session, and one
//! change is one event.

use events::{Consumer, Deadline, Outcome};
use futures::future::join_all;
use kernel::World;
use runtime::{Access, Figure, Tick, Unit, put_metrics};
use stores::{StoreError, Table, table::Item};
use time::Duration;

use crate::{
    session::{Ended, Session},
    store::{
        due,
        sessions::{self, Watching},
    },
};

/// So many sessions of each shard in one run: what is left over comes in the next.
const MOST: usize = 250;
/// How often a session is looked at again when another change of its account was faster: the leases of one account lie in several shards, and
/// those are swept side by side.
const ATTEMPTS: usize = 10;
/// What one session and the count after it may take.
const NEEDED: Duration = Duration::seconds(5);

runtime::wire! {
    pub struct SweepLeases {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
        world: World,
    }
}

/// What became of some sessions.
#[derive(Debug)]
struct Swept {
    closed: u64,
    /// `None` where it could not be counted: a part of the live sessions is no figure.
    live: Option<u64>,
    failure: Option<StoreError>,
}

impl Swept {
    fn fail(&mut self, error: StoreError) -> Vec<Item> {
        self.failure = Some(error);
        vec![]
    }

    fn and(self, other: Self) -> Self {
        Self {
            closed: self.closed + other.closed,
            live: self.live.zip(other.live).map(|(one, other)| one + other),
            failure: self.failure.or(other.failure),
        }
    }
}

impl Consumer<Tick> for SweepLeases {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let shards = join_all((0..due::SHARDS).map(|shard| self.sweep(shard, deadline))).await;
        let none = Swept { closed: 0, live: Some(0), failure: None };
        let Swept { closed, live, failure } = shards.into_iter().fold(none, Swept::and);
        let count = |name, value| Figure { name, unit: Unit::Count, value };
        let live = live.map(|live| count("LiveStreams", live as f64));
        let figures: Vec<Figure> = live.into_iter().chain([count("ExpiredLeases", closed as f64)]).collect();
        if let Err(error) = put_metrics(&figures, self.world.now()) {
            tracing::warn!(%error, "figures cannot be written");
        }
        failure.map_or(Outcome::Done, Outcome::retry)
    }
}

impl SweepLeases {
    async fn sweep(&self, shard: u8, deadline: &Deadline) -> Swept {
        let (now, mut swept) = (self.world.now(), Swept { closed: 0, live: None, failure: None });
        let overdue = due::overdue(&self.table, shard, now, MOST).await;
        for item in overdue.unwrap_or_else(|error| swept.fail(error)) {
            if !deadline.allows(NEEDED) {
                break;
            }
            match self.close(item).await {
                Ok(has_closed) => swept.closed += u64::from(has_closed),
                // One bad item must not keep the others waiting.
                Err(error) => {
                    tracing::error!(%error, "a lease could not be swept");
                    swept.fail(error);
                }
            }
        }
        match due::live(&self.table, shard, now).await {
            Ok(live) => swept.live = Some(live),
            Err(error) => drop(swept.fail(error)),
        }
        swept
    }

    /// Whether this was the one to close it. What others change again and again comes in the next run, if it is still due.
    async fn close(&self, item: Item) -> Result<bool, StoreError> {
        let stale: Session = item.read()?;
        for _ in 0..ATTEMPTS {
            if let Some(has_closed) = self.attempt(&stale).await? {
                return Ok(has_closed);
            }
        }
        Ok(false)
    }

    /// `None`: another request of the account was faster.
    async fn attempt(&self, stale: &Session) -> Result<Option<bool>, StoreError> {
        let Some(Watching { session, slots, .. }) = sessions::watching(&self.table, stale.id, stale.account).await?
        else {
            return Ok(Some(false));
        };
        match session.check_live(self.world.now()) {
            Err(Ended::Expired) if session.state.is_live() => {
                let slots = slots.release(session.id);
                Ok(sessions::advance(&self.table, &session.expire(), &slots).await?.then_some(true))
            }
            _ => Ok(Some(false)),
        }
    }
}
