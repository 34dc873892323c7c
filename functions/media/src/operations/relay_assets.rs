//! The stream of the table `assets` → ready and failed assets and files in the inbox, on `domain-events`: the table's stream is the outbox.

use events::{BatchConsumer, Batches, Deadline, Event, Outcome};
use kernel::World;
use runtime::{Change, relay_changes};
use serde::Deserialize;
use stores::Stream;

use crate::{
    assets::{announcement, asset::Asset},
    store,
};

pub type RelayAssets = Batches<Announcements>;

runtime::wire! { pub struct Announcements { world: World, events: Stream = |boot| boot.stream("domain-events") } }

#[derive(Deserialize)]
struct SortKey {
    sk: String,
}

impl BatchConsumer<Change> for Announcements {
    async fn consume_batch(&self, changes: Vec<Change>, _: &Deadline) -> Vec<Outcome> {
        relay_changes(&self.events, &changes, |change| self.event(change)).await
    }
}

impl Announcements {
    /// The event of a change, if it has one.
    fn event(&self, change: &Change) -> Result<Option<Event>, String> {
        let is_asset = change.after::<SortKey>().is_some_and(|key| key.sk == store::assets::SORT_KEY);
        if !is_asset {
            return Ok(None);
        }
        let new: Asset = change.after().ok_or("an asset item that is not an asset")?;
        let old: Option<Asset> = change.before();
        Ok(announcement::of(&self.world, old.as_ref(), &new))
    }
}
