//! Every minute: sessions whose lease has ended and that nobody has closed are closed, and the live ones counted.
//!
//! The table's stream tells of each that it has expired, as when a report or a start notes it first: whoever is faster changes the session, and one
//! change is one event.

use std::collections::BTreeMap;

use events::{Consumer, Deadline, Outcome};
use futures::{
    future::join_all,
    stream::{self, StreamExt},
};
use kernel::{AccountId, World};
use runtime::{Access, Figure, Tick, Unit, put_metrics};
use stores::{StoreError, Table};
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
/// So many accounts side by side. Those of one account come one after another: they change the same slots, and would only keep each other waiting.
const SIDE_BY_SIDE: usize = 8;
/// How often a session is looked at again when a request of its account was faster.
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
#[derive(Debug, Default)]
struct Swept {
    closed: u64,
    failure: Option<StoreError>,
}

impl Swept {
    /// One bad item must not keep the others waiting.
    fn note(&mut self, closed: Result<bool, StoreError>) {
        match closed {
            Ok(has_closed) => self.closed += u64::from(has_closed),
            Err(error) => {
                tracing::error!(%error, "a lease could not be swept");
                self.failure = Some(error);
            }
        }
    }

    fn and(self, other: Self) -> Self {
        Self { closed: self.closed + other.closed, failure: self.failure.or(other.failure) }
    }
}

impl Consumer<Tick> for SweepLeases {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        let (accounts, unread) = self.overdue().await;
        let swept = stream::iter(accounts.into_values().map(|sessions| self.sweep(sessions, deadline)));
        let swept = swept.buffer_unordered(SIDE_BY_SIDE).fold(unread, async |one, other| one.and(other)).await;
        let live = self.live().await;
        let count = |name, value| Figure { name, unit: Unit::Count, value };
        // A part of the live sessions is no figure.
        let known = live.as_ref().ok().map(|live| count("LiveStreams", *live as f64));
        let figures: Vec<Figure> = known.into_iter().chain([count("ExpiredLeases", swept.closed as f64)]).collect();
        if let Err(error) = put_metrics(&figures, self.world.now()) {
            tracing::warn!(%error, "figures cannot be written");
        }
        swept.failure.or(live.err()).map_or(Outcome::Done, Outcome::retry)
    }
}

impl SweepLeases {
    /// By account, and what could not be read.
    async fn overdue(&self) -> (BTreeMap<AccountId, Vec<Session>>, Swept) {
        let (now, mut unread) = (self.world.now(), Swept::default());
        let mut accounts = BTreeMap::<AccountId, Vec<Session>>::new();
        for found in join_all((0..due::SHARDS).map(|shard| due::overdue(&self.table, shard, now, MOST))).await {
            let items = found.unwrap_or_else(|error| {
                unread.note(Err(error));
                vec![]
            });
            for item in items {
                match item.read::<Session>() {
                    Ok(session) => accounts.entry(session.account).or_default().push(session),
                    Err(error) => unread.note(Err(error)),
                }
            }
        }
        (accounts, unread)
    }

    async fn sweep(&self, sessions: Vec<Session>, deadline: &Deadline) -> Swept {
        let mut swept = Swept::default();
        for session in sessions {
            if !deadline.allows(NEEDED) {
                break;
            }
            swept.note(self.close(&session).await);
        }
        swept
    }

    async fn live(&self) -> Result<u64, StoreError> {
        let now = self.world.now();
        let counts = join_all((0..due::SHARDS).map(|shard| due::live(&self.table, shard, now))).await;
        counts.into_iter().sum()
    }

    /// Whether this was the one to close it. What others change again and again comes in the next run, if it is still due.
    async fn close(&self, stale: &Session) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            if let Some(has_closed) = self.attempt(stale).await? {
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
