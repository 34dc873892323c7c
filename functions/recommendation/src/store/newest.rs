//! The newest word on something, by the number in `sequence`.

use kernel::{AccountId, ProfileId};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Write, took_place},
};

use super::{erasure, profiles};

/// Keeps what a profile said, unless something newer is known or the profile is gone. It is kept also when it says nothing any more, so that what is
/// told late does not bring it back.
pub(super) async fn keep(
    table: &Table,
    (account, profile): (AccountId, ProfileId),
    sequence: i64,
    item: Item,
) -> Result<(), StoreError> {
    if profiles::is_gone(table, account, profile).await? {
        return Ok(());
    }
    let newer = Condition::Absent.or(Condition::below("sequence", sequence));
    if took_place(table.write(Write::put(item).when(newer)).await)? {
        table.write(profiles::listing(profile)?).await?;
    }
    // Whoever erases marks first and deletes then: if that happened meanwhile, the mark is here and what was written may have been late.
    if profiles::is_gone(table, account, profile).await? {
        erasure::forget(table, profile).await?;
    }
    Ok(())
}
