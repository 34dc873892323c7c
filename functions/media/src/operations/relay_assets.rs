//! `media-relay-assets`: tells everybody of ready and failed assets and of files in the inbox. The table's stream is the outbox.

use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::{Boot, BootError, Change};
use serde::Deserialize;
use stores::Stream;
use stores::stream::Entry;

use crate::announcement;
use crate::asset::Asset;
use crate::store;

/// Puts events on `domain-events`.
pub struct RelayAssets {
    world: World,
    events: Stream,
}

#[derive(Deserialize)]
struct Place {
    sk: String,
}

impl Consumer<Change> for RelayAssets {
    async fn consume(&self, change: Change, deadline: &Deadline) -> Outcome {
        self.consume_all(vec![change], deadline).await.pop().unwrap_or(Outcome::Done)
    }

    async fn consume_all(&self, changes: Vec<Change>, _: &Deadline) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(changes.len());
        let (mut entries, mut senders): (Vec<Entry>, Vec<usize>) = (Vec::new(), Vec::new());
        for (at, change) in changes.iter().enumerate() {
            match self.entry(change) {
                Ok(Some(entry)) => {
                    entries.push(entry);
                    senders.push(at);
                    outcomes.push(Outcome::Done);
                }
                Ok(None) => outcomes.push(Outcome::Done),
                Err(reason) => outcomes.push(Outcome::Poison(reason)),
            }
        }
        let refused = match self.events.put(&entries).await {
            Ok(refused) => refused.into_iter().map(|index| (index, "throttled".to_owned())).collect(),
            Err(error) => (0..entries.len()).map(|index| (index, error.to_string())).collect::<Vec<_>>(),
        };
        for (index, reason) in refused {
            outcomes[senders[index]] = Outcome::Retry(reason);
        }
        outcomes
    }
}

impl RelayAssets {
    /// The event of a change, if it has one.
    fn entry(&self, change: &Change) -> Result<Option<Entry>, String> {
        let is_asset = change.after::<Place>().is_some_and(|place| place.sk == store::ASSET);
        if !is_asset {
            return Ok(None);
        }
        let new: Asset = change.after().ok_or("an asset item that is not an asset")?;
        let old: Option<Asset> = change.before();
        let event = announcement::of(&self.world, old.as_ref(), &new);
        Ok(event.map(|event| (event.subject.clone(), event.json().into_bytes())))
    }
}

/// Wires the operation.
pub fn consumer(boot: &Boot) -> Result<RelayAssets, BootError> {
    Ok(RelayAssets { world: boot.world(), events: boot.stream("domain-events")? })
}
