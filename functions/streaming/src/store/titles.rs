//! What playback must know of titles.

use kernel::TitleId;
use stores::{
    StoreError, Table,
    table::{Condition, Item, Write},
};

use super::{keys, unless_needless};
use crate::title::Title;

/// A title, if the catalogue has told of it.
pub async fn get(table: &Table, id: TitleId) -> Result<Option<Title>, StoreError> {
    table.get(&keys::title(id)).await
}

/// Stores a title unless a newer version is known.
pub async fn put(table: &Table, id: TitleId, title: &Title) -> Result<(), StoreError> {
    let newer = Condition::Absent.or(Condition::below("sequence", title.sequence));
    unless_needless(table.write(Write::put(Item::new(&keys::title(id), title)?).when(newer)).await)
}
