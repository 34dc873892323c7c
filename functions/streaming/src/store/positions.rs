//! Where profiles stopped.

use kernel::{ProfileId, TitleId};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Query, Write},
};
use time::OffsetDateTime;

use super::{keys, unless_needless};
use crate::{millis, position::Position};

/// Where a profile stopped in a title.
pub async fn get(table: &Table, profile: ProfileId, title: TitleId) -> Result<Option<Position>, StoreError> {
    table.get(&keys::position(profile, title)).await
}

/// Where a profile stopped in every title.
pub async fn all(table: &Table, profile: ProfileId) -> Result<Vec<Position>, StoreError> {
    let items = table.query(Query::partition(keys::profile(profile))).await?;
    items.into_iter().map(Item::read).collect()
}

/// Stores a position unless a newer one is known.
pub async fn put(table: &Table, profile: ProfileId, position: &Position) -> Result<(), StoreError> {
    let client_at = Condition::below("client_at", millis::of(position.client_at));
    let later_report = Condition::is("fence", position.fence).and(client_at);
    let newer = Condition::Absent.or(Condition::below("fence", position.fence)).or(later_report);
    let item = Item::new(&keys::position(profile, position.title), position)?;
    unless_needless(table.write(Write::put(item).when(newer)).await)
}

/// Erases where a profile stopped until `until`, in one title or in all.
pub async fn erase(
    table: &Table,
    profile: ProfileId,
    title: Option<TitleId>,
    until: OffsetDateTime,
) -> Result<(), StoreError> {
    let keys = match title {
        Some(title) => vec![keys::position(profile, title)],
        None => table.query(Query::partition(keys::profile(profile))).await?.iter().map(Item::key).collect(),
    };
    for key in keys {
        let not_since = Condition::at_most("client_at", millis::of(until));
        unless_needless(table.write(Write::delete(key).when(not_since)).await)?;
    }
    Ok(())
}
