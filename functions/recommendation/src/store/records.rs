//! What profiles have on record of titles apart from playing them here. The newest word counts, by its number.

use events::TitleRecord;
use stores::{
    StoreError, Table,
    table::{Condition, Item, Write, took_place},
};

use super::{erasure, keys, profiles};
use crate::record::Record;

/// Takes in a change, unless the profile is gone.
pub async fn note(table: &Table, change: &TitleRecord) -> Result<(), StoreError> {
    if profiles::is_gone(table, change.account, change.profile).await? {
        return Ok(());
    }
    // Kept also when it says nothing any more, so that what is told late does not bring it back.
    let item = Item::new(&keys::record(change.profile, change.title), &Record::of(change))?;
    let newer = Condition::Absent.or(Condition::below("sequence", change.sequence));
    if took_place(table.write(Write::put(item).when(newer)).await)? {
        table.write(profiles::listing(change.profile)?).await?;
    }
    // Whoever erases marks first and deletes then: if that happened meanwhile, the mark is here and what was written may have been late.
    if profiles::is_gone(table, change.account, change.profile).await? {
        erasure::forget(table, change.profile).await?;
    }
    Ok(())
}
