//! Captions of titles: an item in the title's partition.

use kernel::TitleId;
use stores::{
    StoreError, Table,
    table::{Condition, Key, Write},
};

use super::{
    Changed, titles,
    versioned::{change as change_item, versioned, write_all, write_of},
};
use crate::captions::title::TitleCaptions;

/// Sort key of the captions of a title.
pub const SORT_KEY: &str = "captions";

versioned!(TitleCaptions, captions => key(captions.title_id));

fn key(id: TitleId) -> Key {
    Key::new(id, SORT_KEY)
}

/// As they are now.
pub async fn find(table: &Table, id: TitleId) -> Result<Option<TitleCaptions>, StoreError> {
    table.get(&key(id)).await
}

/// Stores them if nobody has changed them since they were read and the title is there; `false` otherwise.
pub async fn announce(table: &Table, captions: &TitleCaptions) -> Result<bool, StoreError> {
    write_all(table, vec![write_of(captions)?, titles::is_there(captions.title_id)?]).await
}

/// Stores them if nobody has changed or removed them since they were read; `false` otherwise.
pub async fn put(table: &Table, captions: &TitleCaptions) -> Result<bool, StoreError> {
    write_all(table, vec![write_of(captions)?]).await
}

/// Stores what `decide` makes of them.
pub async fn change(
    table: &Table,
    id: TitleId,
    decide: impl Fn(&TitleCaptions) -> Option<TitleCaptions>,
) -> Result<Changed<TitleCaptions>, StoreError> {
    change_item(table, &key(id), decide).await
}

/// Removes them as they were read; `false` when somebody has changed them since.
pub async fn remove(table: &Table, captions: &TitleCaptions) -> Result<bool, StoreError> {
    let gone = Write::delete(key(captions.title_id)).when(Condition::version(captions.version));
    write_all(table, vec![gone]).await
}
