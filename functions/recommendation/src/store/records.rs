//! What profiles have on record of titles apart from playing them here. The newest word counts, by its number.

use events::TitleRecord;
use stores::{StoreError, Table, table::Item};

use super::{keys, newest};
use crate::record::Record;

/// Takes in a change, unless the profile is gone.
pub async fn note(table: &Table, change: &TitleRecord) -> Result<(), StoreError> {
    let item = Item::new(&keys::record(change.profile, change.title), &Record::of(change))?;
    newest::keep(table, (change.account, change.profile), change.sequence, item).await
}
