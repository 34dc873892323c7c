//! `playback-events`, hidings, ratings, watchlists, histories that were imported or erased, and deleted profiles → what profiles saw, and what of it they want to watch on. No order and no number of events matters.
//!
//! A batch holds many reports of few sessions: what it says of one profile and title is one change, and changes of different ones are made side by
//! side. One after the other, a hundred records took 2 s on idle engines and 20 s on busy ones; a shard may bring a thousand a second.
//!
//! A record that describes no session is set aside in S3 with its reason; it never holds up its shard.

use std::collections::BTreeMap;

use events::{
    BatchConsumer, Batches, DeadLetters, Deadline, Event, HidingChange, HistoryErased, Outcome, Playback, Profile,
    TitleRecord, WatchlistChange, project,
};
use futures::{StreamExt, stream};
use kernel::{AccountId, ProfileId, TitleId};
use proto::types;
use runtime::Access;
use stores::Table;
use time::Duration;

use crate::{
    store::{erasure, hidings, records, viewings, watchlists},
    viewing::Watch,
};

/// Applies whole batches.
pub type ProjectTastes = Batches<Projection>;

/// So many changes of different profiles or titles wait for the table at once.
const SIDE_BY_SIDE: usize = 16;
/// What is begun with less time left might not end.
const LEAST_TIME: Duration = Duration::milliseconds(500);

runtime::wire! {
    /// Keeps what profiles saw.
    pub struct Projection {
        table: Table = |boot| boot.table("tastes", Access::ReadWrite),
        dead_letters: DeadLetters = |boot| boot.dead_letters("recommendation-project-tastes"),
    }
}

/// What a batch says of a profile and a title, and in which places.
#[derive(Default)]
struct Said {
    places: Vec<usize>,
    watches: Vec<Watch>,
}

impl BatchConsumer<Event> for Projection {
    async fn consume_batch(&self, events: Vec<Event>, deadline: &Deadline) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; events.len()];
        let mut said: BTreeMap<(AccountId, ProfileId, TitleId), Said> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            if !Playback::TYPES.contains(&event.kind.as_str()) {
                outcomes[place] = self.apply(event).await;
                continue;
            }
            match Playback::read(event) {
                Ok(playback) => {
                    let said = said.entry((playback.account, playback.profile, playback.title)).or_default();
                    said.places.push(place);
                    said.watches.push(Watch::of(&playback));
                }
                Err(error) => outcomes[place] = Outcome::poison(error),
            }
        }
        let noted = stream::iter(said).map(async |(whose, said)| {
            let outcome = match deadline.allows(LEAST_TIME) {
                true => viewings::note(&self.table, whose, &said.watches)
                    .await
                    .map_or_else(Outcome::retry, |()| Outcome::Done),
                false => Outcome::retry("not reached before the deadline"),
            };
            (said.places, outcome)
        });
        let mut noted = noted.buffer_unordered(SIDE_BY_SIDE);
        while let Some((places, outcome)) = noted.next().await {
            places.into_iter().for_each(|place| outcomes[place] = outcome.clone());
        }
        drop(noted);
        outcomes
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}

impl Projection {
    /// What was hidden or erased, and profiles that are no more. The stream carries what players measure as well.
    async fn apply(&self, event: &Event) -> Outcome {
        let table = &self.table;
        match event.kind.as_str() {
            types::CONTINUE_WATCHING_CHANGED => {
                project(event, HidingChange::read, async |change| hidings::note(table, &change).await).await
            }
            types::TITLE_RECORD_CHANGED => {
                project(event, TitleRecord::read, async |change| records::note(table, &change).await).await
            }
            types::WATCHLIST_CHANGED => {
                project(event, WatchlistChange::read, async |change| watchlists::note(table, &change).await).await
            }
            types::HISTORY_ERASED => {
                project(event, HistoryErased::read, async |erased| viewings::erase(table, &erased).await).await
            }
            types::PROFILE_CHANGED => {
                let forget = async |profile: Profile| {
                    if profile.is_deleted { erasure::erase_profile(table, profile.id).await } else { Ok(()) }
                };
                project(event, Profile::read, forget).await
            }
            _ => Outcome::Done,
        }
    }
}
