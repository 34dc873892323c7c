//! The projection of titles.

use futures::future::try_join_all;
use stores::{
    StoreError, Table,
    table::{Condition, Item, Query, Write, took_place},
};

use super::keys;
use crate::{catalogue::Catalogue, title::Title};

/// Stores a title unless a newer version is known.
pub async fn put(table: &Table, title: &Title) -> Result<(), StoreError> {
    let newer = Condition::Absent.or(Condition::below("sequence", title.sequence));
    took_place(table.write(Write::put(Item::new(&keys::title(title.id), title)?).when(newer)).await).map(drop)
}

/// All of them.
pub async fn all(table: &Table) -> Result<Catalogue, StoreError> {
    let shards = (0..keys::SHARDS).map(|shard| table.query(Query::partition(keys::titles(shard))));
    let items = try_join_all(shards).await?.into_iter().flatten();
    items.map(Item::read::<Title>).collect()
}
