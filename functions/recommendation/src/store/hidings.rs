//! What profiles do not want to be offered to watch on. The newest word counts, by its number; one that was said before the history was erased is
//! not kept, whichever comes first.

use events::HidingChange;
use kernel::{ProfileId, TitleId};
use serde::{Deserialize, Serialize};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Key, Query, Write, took_place},
};

use super::{erasure, forgotten::Forgotten, keys, profiles};
use crate::millis;

/// The newest word on a title. Times are milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hiding {
    /// Grows with each change of the profile.
    sequence: i64,
    /// `None`: it is offered again. Kept, so that what is told late does not hide it.
    pub hidden_at: Option<i64>,
    /// Grows with the number.
    changed_at: i64,
}

/// Takes in a change, unless the profile is gone or its history was erased since.
pub async fn note(table: &Table, change: &HidingChange) -> Result<(), StoreError> {
    if profiles::is_gone(table, change.account, change.profile).await? {
        return Ok(());
    }
    let key = keys::hidden(change.profile, change.title);
    let hiding = Hiding {
        sequence: change.sequence,
        hidden_at: change.hidden_at.map(millis::of),
        changed_at: millis::of(change.changed_at),
    };
    let newer = Condition::Absent.or(Condition::below("sequence", change.sequence));
    took_place(table.write(Write::put(Item::new(&key, &hiding)?).when(newer)).await)?;
    // Whoever erases marks first and deletes then: if that happened meanwhile, the mark is here and what was written may have been late.
    let marks = [keys::forgotten(change.profile, None), keys::forgotten(change.profile, Some(change.title))];
    let mut found = table.get_all(&marks).await?;
    for mark in &marks {
        if let Some(mark) = found.take::<Forgotten>(mark)? {
            forget(table, key.clone(), mark.until).await?;
        }
    }
    if profiles::is_gone(table, change.account, change.profile).await? {
        erasure::forget(table, change.profile).await?;
    }
    Ok(())
}

/// Forgets what was said until then, of one title or of all.
pub(super) async fn erase(
    table: &Table,
    profile: ProfileId,
    title: Option<TitleId>,
    until: i64,
) -> Result<(), StoreError> {
    let keys = match title {
        Some(title) => vec![keys::hidden(profile, title)],
        None => {
            let items = table.query(Query::partition(keys::profile(profile)).begins_with("sk", keys::HIDDEN)).await?;
            items.iter().map(Item::key).collect()
        }
    };
    for key in keys {
        forget(table, key, until).await?;
    }
    Ok(())
}

async fn forget(table: &Table, key: Key, until: i64) -> Result<(), StoreError> {
    took_place(table.write(Write::delete(key).when(Condition::at_most("changed_at", until))).await).map(drop)
}
