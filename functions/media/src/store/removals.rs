//! Films that are being removed.

use kernel::AssetId;
use stores::{
    StoreError, Table,
    table::{Condition, Key, Write},
};

use super::{
    MOST_CONFLICTS, TooManyConflicts, assets, jobs,
    versioned::{versioned, write_all, write_of},
};
use crate::assets::{asset::Asset, removal::Removal};

/// Sort key of a removal.
pub const SORT_KEY: &str = "removal";

versioned!(Removal, removal => key(removal.asset_id));

fn key(id: AssetId) -> Key {
    Key::new(id, SORT_KEY)
}

/// Puts the removal of an asset in its place; `None` when there is neither.
pub async fn begin(
    table: &Table,
    id: AssetId,
    removal: impl Fn(&Asset) -> Removal,
) -> Result<Option<Removal>, StoreError> {
    for _ in 0..MOST_CONFLICTS {
        let Some(asset) = assets::find(table, id).await? else { return table.get(&key(id)).await };
        let removal = removal(&asset);
        let gone = Write::delete(assets::key(id)).when(Condition::version(asset.version));
        if write_all(table, vec![gone, write_of(&removal)?]).await? {
            return Ok(Some(removal));
        }
    }
    Err(TooManyConflicts(id.to_string()).into())
}

/// Removes the ledger: whoever works on one of its jobs loses the lease.
pub async fn remove_ledger(table: &Table, id: AssetId) -> Result<(), StoreError> {
    let rows = jobs::list(table, id).await?;
    let keys: Vec<Key> = rows.iter().map(|row| jobs::key(id, &row.job)).collect();
    table.delete_all(&keys).await
}

/// Nothing is left to do.
pub async fn end(table: &Table, id: AssetId) -> Result<(), StoreError> {
    table.delete_all(&[key(id)]).await
}
