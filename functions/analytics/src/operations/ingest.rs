//! `playback-events`, titles, money and exposures to experiments → ClickHouse: one insert per table and batch. Copies of an event replace it, so a batch may come again.
//!
//! A record that cannot become a row is set aside in S3 with its reason; it never holds up its shard. What was erased does not come back with a
//! late event.

use events::{BatchConsumer, Batches, DeadLetters, Deadline, Event, Outcome};
use kernel::World;
use stores::{ClickHouse, StoreError};

use crate::{
    row::{self, Row},
    store::rows,
};

/// Writes whole batches.
pub type Ingest = Batches<Writer>;

runtime::wire! {
    /// Writes events as rows.
    pub struct Writer {
        clickhouse: ClickHouse,
        dead_letters: DeadLetters = |boot| boot.dead_letters("playback-events"),
        world: World,
    }
}

/// Rows of one table, with the places of their events in the batch.
struct Rows<T>(Vec<usize>, Vec<T>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(vec![], vec![])
    }
}

impl<T> Rows<T> {
    fn push(&mut self, place: usize, row: T) {
        self.0.push(place);
        self.1.push(row);
    }
}

impl BatchConsumer<Event> for Writer {
    async fn consume_batch(&self, events: Vec<Event>, _: &Deadline) -> Vec<Outcome> {
        let now = self.world.now();
        let mut outcomes = vec![Outcome::Done; events.len()];
        let (mut playback, mut samples, mut titles) = (Rows::default(), Rows::default(), Rows::default());
        let (mut subscriptions, mut payments, mut exposures) = (Rows::default(), Rows::default(), Rows::default());
        for (place, event) in events.iter().enumerate() {
            match row::of(event, now) {
                Ok(Some(Row::Playback(row))) => playback.push(place, row),
                Ok(Some(Row::Sample(row))) => samples.push(place, row),
                Ok(Some(Row::Title(row, holder))) => titles.push(place, (row, holder)),
                Ok(Some(Row::Subscription(row))) => subscriptions.push(place, row),
                Ok(Some(Row::Payment(row))) => payments.push(place, row),
                Ok(Some(Row::Exposure(row))) => exposures.push(place, row),
                Ok(None) => {}
                Err(reason) => outcomes[place] = Outcome::poison(reason),
            }
        }
        let added: [(_, Result<(), StoreError>); 6] = futures::join!(
            async { (playback.0, rows::add_playback(&self.clickhouse, &playback.1, now).await) },
            async { (samples.0, rows::add_samples(&self.clickhouse, &samples.1).await) },
            async { (titles.0, rows::add_titles(&self.clickhouse, &titles.1).await) },
            async { (subscriptions.0, rows::add_subscriptions(&self.clickhouse, &subscriptions.1).await) },
            async { (payments.0, rows::add_payments(&self.clickhouse, &payments.1).await) },
            async { (exposures.0, rows::add_exposures(&self.clickhouse, &exposures.1, now).await) },
        )
        .into();
        for (places, added) in added {
            retry(&mut outcomes, places, added);
        }
        outcomes
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}

/// An insert that failed may have been written: its events come again.
fn retry(outcomes: &mut [Outcome], places: Vec<usize>, added: Result<(), StoreError>) {
    let Err(error) = added else { return };
    for place in places {
        outcomes[place] = Outcome::retry(&error);
    }
}
