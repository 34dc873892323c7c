//! The profiles of whom something is kept.

use futures::future::try_join_all;
use kernel::{AccountId, ProfileId};
use serde::{Deserialize, Serialize};
use stores::{
    StoreError, Table,
    table::{Item, Query, Write},
};

use super::keys;

#[derive(Serialize, Deserialize)]
struct Listed {
    profile: ProfileId,
}

/// What is written for a profile that has something for the first time, or again.
pub(super) fn listing(profile: ProfileId) -> Result<Write, StoreError> {
    Ok(Write::put(Item::new(&keys::listed(profile), &Listed { profile })?))
}

/// Whether nothing may be kept of it any more: the profile was deleted, or its account erased.
pub async fn is_gone(table: &Table, account: AccountId, profile: ProfileId) -> Result<bool, StoreError> {
    let gone: Option<serde::de::IgnoredAny> = table.get(&keys::gone(profile)).await?;
    Ok(gone.is_some() || table.is_erased(account).await?)
}

/// All of them, in the order of their ids.
pub async fn all(table: &Table) -> Result<Vec<ProfileId>, StoreError> {
    let shards = (0..keys::SHARDS).map(|shard| table.query(Query::partition(keys::profiles(shard))));
    let items = try_join_all(shards).await?.into_iter().flatten();
    let mut profiles: Vec<ProfileId> =
        items.map(|item| item.read::<Listed>().map(|listed| listed.profile)).collect::<Result<_, _>>()?;
    profiles.sort_unstable();
    Ok(profiles)
}
