//! The stream of the table `assets` → ready and failed assets, files in the inbox and captions, on `domain-events`: the table's stream is the
//! outbox.

use events::{BatchConsumer, Batches, Deadline, Event, Outcome};
use kernel::World;
use runtime::{Change, relay_changes};
use serde::Deserialize;
use stores::Stream;

use crate::{
    assets::{announcement, asset::Asset},
    captions, store,
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
        let Some(SortKey { sk }) = change.after() else { return Ok(None) };
        match sk.as_str() {
            store::assets::SORT_KEY => {
                let new: Asset = change.after().ok_or("an asset item that is not an asset")?;
                Ok(announcement::of(&self.world, change.before().as_ref(), &new))
            }
            store::captions::SORT_KEY => {
                let new = change.after().ok_or("captions that are none")?;
                Ok(captions::announcement::of(&self.world, change.before().as_ref(), &new))
            }
            _ => Ok(None),
        }
    }
}
