//! Assets.

use kernel::AssetId;
use stores::{StoreError, Table, table::Key};

use super::{
    Changed,
    versioned::{change as change_item, versioned, write_all, write_of},
};
use crate::assets::{asset::Asset, step::Step};

/// Sort key of an asset.
pub const SORT_KEY: &str = "asset";

versioned!(Asset, asset => key(asset.asset_id));

fn key(id: AssetId) -> Key {
    Key::new(id, SORT_KEY)
}

/// As it is now.
pub async fn find(table: &Table, id: AssetId) -> Result<Option<Asset>, StoreError> {
    table.get(&key(id)).await
}

/// Stores what `decide` makes of it.
pub async fn change(
    table: &Table,
    id: AssetId,
    decide: impl Fn(&Asset) -> Option<Asset>,
) -> Result<Changed<Asset>, StoreError> {
    change_item(table, &key(id), decide).await
}

/// Writes an asset and the first row of its next state together; `false` when somebody else was faster.
pub async fn write_step(table: &Table, (asset, row): &Step) -> Result<bool, StoreError> {
    let mut writes = vec![write_of(asset)?];
    if let Some(row) = row {
        writes.push(write_of(row)?);
    }
    write_all(table, writes).await
}
