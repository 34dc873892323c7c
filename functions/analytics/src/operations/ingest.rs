//! `playback-events` and titles → ClickHouse: one insert per table and batch. Copies of an event replace it, so a batch may come again.
//!
//! A record that cannot become a row is set aside in S3 with its reason; it never holds up its shard. What was erased does not come back with a
//! late event.

use events::{Consumer, DeadLetters, Deadline, Event, Outcome};
use kernel::World;
use runtime::{Boot, BootError};
use stores::StoreError;
use time::OffsetDateTime;

use crate::{
    row::{self, PlaybackRow, SampleRow, Sorted, TitleRow},
    store::Figures,
};

struct Ingest {
    figures: Figures,
    dead_letters: DeadLetters,
    world: World,
}

/// Rows of one table, with the places of their events in the batch.
struct Rows<T>(Vec<usize>, Vec<T>);

impl<T> Rows<T> {
    fn push(&mut self, place: usize, row: T) {
        self.0.push(place);
        self.1.push(row);
    }
}

impl Consumer<Event> for Ingest {
    async fn consume(&self, event: Event, deadline: &Deadline) -> Outcome {
        self.consume_all(vec![event], deadline).await.pop().unwrap_or_else(|| Outcome::retry("no outcome"))
    }

    async fn consume_all(&self, events: Vec<Event>, _: &Deadline) -> Vec<Outcome> {
        let now = self.world.now();
        let mut outcomes = vec![Outcome::Done; events.len()];
        let mut playback: Rows<PlaybackRow> = Rows(vec![], vec![]);
        let mut samples: Rows<SampleRow> = Rows(vec![], vec![]);
        let mut titles: Rows<TitleRow> = Rows(vec![], vec![]);
        for (place, event) in events.iter().enumerate() {
            match row::sort(event, now) {
                Ok(Sorted::Playback(row)) => playback.push(place, row),
                Ok(Sorted::Sample(row)) => samples.push(place, row),
                Ok(Sorted::Title(row)) => titles.push(place, row),
                Ok(Sorted::Ignored) => {}
                Err(reason) => outcomes[place] = Outcome::poison(reason),
            }
        }
        let (playback_added, samples_added, titles_added) = futures::join!(
            self.add_playback(&playback.1, now),
            self.figures.add_samples(&samples.1),
            self.figures.add_titles(&titles.1),
        );
        for (places, added) in [(playback.0, playback_added), (samples.0, samples_added), (titles.0, titles_added)] {
            retry(&mut outcomes, places, added);
        }
        outcomes
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}

impl Ingest {
    /// Writes what was not erased. Looks once more afterwards: an erasure may have passed between the first look and the writing.
    async fn add_playback(&self, rows: &[PlaybackRow], now: OffsetDateTime) -> Result<(), StoreError> {
        let forbidden = self.figures.forbidden(rows).await?;
        let allowed = rows.iter().zip(forbidden).filter(|(_, forgotten)| forgotten.is_none());
        let rows: Vec<PlaybackRow> = allowed.map(|(row, _)| row.clone()).collect();
        self.figures.add_playback(&rows).await?;
        for forgotten in self.figures.forbidden(&rows).await?.into_iter().flatten() {
            self.figures.take_out(&forgotten, now).await?;
        }
        Ok(())
    }
}

/// An insert that failed may have been written: its events come again.
fn retry(outcomes: &mut [Outcome], places: Vec<usize>, added: Result<(), StoreError>) {
    let Err(error) = added else { return };
    for place in places {
        outcomes[place] = Outcome::retry(&error);
    }
}

/// Writes to ClickHouse, and dead records to S3.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Ingest { figures: Figures::new(boot.clickhouse()?), dead_letters: boot.dead_letters("playback-events")?, world: boot.world() })
}
