//! Every minute: openings and closings of windows go into the audit, and whoever must hear that a title leaves is told, each once.

use events::{Consumer, Deadline, Event, Outbox, Outcome, Transaction};
use kernel::{TitleId, World, policy::LEAVING_SOON};
use proto::types::TITLE_LEAVING;
use runtime::Tick;
use stores::postgres;
use time::{Duration, OffsetDateTime};

use crate::{
    leaving::{announcements, due},
    store::{leaving_announcements, titles, window_edges},
    title::Title,
    windows::to_millisecond,
};

runtime::wire! { pub struct TickAvailability { outbox: Outbox, world: World } }

/// The actor in the audit.
const ACTOR: &str = "catalog-tick-availability";
/// How many titles one transaction takes.
const ROUND: i64 = 100;
/// A round must be able to end.
const ROUND_TIME: Duration = Duration::seconds(5);

impl Consumer<Tick> for TickAvailability {
    /// By the clock and not by when the run was due: a missed or late run is caught up by the next.
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        match self.tick(to_millisecond(self.world.now()), deadline).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

impl TickAvailability {
    async fn tick(&self, now: OffsetDateTime, deadline: &Deadline) -> Result<(), sqlx::Error> {
        let edges =
            postgres::transact(self.outbox.pool(), async |tx| window_edges::record(tx, ACTOR, now).await).await?;
        if edges > 0 {
            tracing::info!(edges, "windows opened or closed");
        }
        let mut after = None;
        while deadline.allows(ROUND_TIME) {
            match self.outbox.transact(async |tx| self.announce(tx, after, now).await).await? {
                None => break,
                last => after = last,
            }
        }
        Ok(())
    }

    /// Announces what is due of the next titles; returns the last of them.
    async fn announce(
        &self,
        tx: &mut Transaction<'_>,
        after: Option<TitleId>,
        now: OffsetDateTime,
    ) -> Result<Option<TitleId>, sqlx::Error> {
        leaving_announcements::forget(tx, now).await?;
        let titles = titles::ending(tx, (now, now + LEAVING_SOON), after, ROUND).await?;
        for (title, wholes) in &titles {
            self.announce_title(tx, title, wholes, now).await?;
        }
        Ok(titles.last().map(|(title, _)| title.id))
    }

    async fn announce_title(
        &self,
        tx: &mut Transaction<'_>,
        title: &Title,
        wholes: &[Title],
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        // An episode leaves with its series.
        let rules = title.rules_within(wholes);
        let new = leaving_announcements::keep(tx, title.id, due(&rules, now)).await?;
        for leaving in announcements(title.id, &rules, new) {
            tx.emit(&Event::new(&self.world, TITLE_LEAVING, title.id, title.version, &leaving)).await?;
        }
        Ok(())
    }
}
