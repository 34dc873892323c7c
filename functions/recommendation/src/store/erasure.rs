//! Removes a profile, or a person with all of theirs.

use kernel::{AccountId, ProfileId};
use stores::{
    StoreError, Table,
    table::{Key, Query, Update, Write},
};

use super::keys;

/// Forgets a profile that was deleted. The mark comes first: what it refuses from then on cannot come back after the deletion.
pub async fn erase_profile(table: &Table, profile: ProfileId) -> Result<(), StoreError> {
    table.write(Write::update(keys::gone(profile), Update::new().add("times", 1))).await?;
    forget(table, profile).await.map(drop)
}

/// Forgets a person: how many records were removed, now and by earlier tries.
pub async fn erase(table: &Table, account: AccountId, profiles: &[ProfileId]) -> Result<u64, StoreError> {
    table.mark_erased(account, 0).await?;
    let mut records = 0;
    for profile in profiles {
        table.write(Write::update(keys::gone(*profile), Update::new().add("times", 1))).await?;
        records += forget(table, *profile).await?;
    }
    table.mark_erased(account, records).await
}

/// Removes what is kept of a profile.
pub(super) async fn forget(table: &Table, profile: ProfileId) -> Result<u64, StoreError> {
    let records = forget_partition(table, keys::profile(profile)).await?;
    let records = records + forget_impressions(table, profile).await?;
    table.delete_all(&[keys::listed(profile)]).await?;
    Ok(records)
}

/// Removes what decided the profile's pages: its history is in there.
pub(super) async fn forget_impressions(table: &Table, profile: ProfileId) -> Result<u64, StoreError> {
    forget_partition(table, keys::impressions(profile)).await
}

async fn forget_partition(table: &Table, partition: String) -> Result<u64, StoreError> {
    let keys: Vec<Key> = table.query(Query::partition(partition)).await?.iter().map(|item| item.key()).collect();
    table.delete_all(&keys).await?;
    Ok(keys.len() as u64)
}
