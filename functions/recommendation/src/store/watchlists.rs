//! What profiles want to watch some day. The newest word counts, by its number.

use events::WatchlistChange;
use serde::{Deserialize, Serialize};
use stores::{StoreError, Table, table::Item};

use super::{keys, newest};
use crate::millis;

/// The newest word on a title.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listing {
    /// Grows with each change of the list.
    sequence: i64,
    /// Milliseconds since 1970; `None`: it was taken off. Kept, so that what is told late does not bring it back.
    pub listed_at: Option<i64>,
}

/// Takes in a change, unless the profile is gone.
pub async fn note(table: &Table, change: &WatchlistChange) -> Result<(), StoreError> {
    let listing = Listing { sequence: change.sequence, listed_at: change.is_listed.then(|| millis::of(change.at)) };
    let item = Item::new(&keys::watchlist(change.profile, change.title), &listing)?;
    newest::keep(table, (change.account, change.profile), change.sequence, item).await
}
