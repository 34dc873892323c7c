//! Assets.

use kernel::AssetId;
use stores::{
    StoreError, Table,
    table::{Item, Key, Query},
};
use time::format_description::well_known::Rfc3339;

use super::{
    Changed, titles,
    versioned::{change as change_item, versioned, write_all, write_of},
};
use crate::{
    assets::{
        asset::{Asset, State},
        step::Step,
    },
    title::FilmOfTitle,
};

/// Sort key of an asset.
pub const SORT_KEY: &str = "asset";

versioned!(Asset, asset => key(asset.asset_id));

pub(super) fn key(id: AssetId) -> Key {
    Key::new(id, SORT_KEY)
}

/// As it is now.
pub async fn find(table: &Table, id: AssetId) -> Result<Option<Asset>, StoreError> {
    table.get(&key(id)).await
}

/// Two assets that changed in the same moment: so many more are read, so that none is passed over.
const SAME_MOMENT: usize = 8;

/// Up to `count` assets in these states after `place`, those that changed last first.
pub async fn list(
    table: &Table,
    states: &[State],
    place: Option<&(String, AssetId)>,
    count: usize,
) -> Result<Vec<Asset>, StoreError> {
    let mut found: Vec<((String, AssetId), Asset)> = Vec::new();
    for state in states {
        let name = serde_json::to_value(state).map_err(|error| StoreError::new("dynamodb", error))?;
        let query = Query::index("states", "state", name.as_str().unwrap_or_default()).backwards();
        let query = match place {
            Some((moment, _)) => query.at_most("updated_at", moment.as_str()),
            None => query,
        };
        for item in table.query(query.first(count + SAME_MOMENT)).await? {
            let asset: Asset = Item::read(item)?;
            found.push((place_of(&asset), asset));
        }
    }
    found.retain(|(own, _)| place.is_none_or(|place| own < place));
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    found.truncate(count);
    Ok(found.into_iter().map(|(_, asset)| asset).collect())
}

/// Where an asset is in [`list`]: the text of its time, as the index has it.
pub fn place_of(asset: &Asset) -> (String, AssetId) {
    (asset.updated_at.format(&Rfc3339).unwrap_or_default(), asset.asset_id)
}

/// Stores what `decide` makes of it.
pub async fn change(
    table: &Table,
    id: AssetId,
    decide: impl Fn(&Asset) -> Option<Asset>,
) -> Result<Changed<Asset>, StoreError> {
    change_item(table, &key(id), decide).await
}

/// Adds an asset that no upload announced to its title, with its first row; `false` when it is there already, or the title is not.
pub async fn add_found(table: &Table, (asset, row): &Step) -> Result<bool, StoreError> {
    let film = FilmOfTitle { asset_id: asset.asset_id, upload_id: None };
    let mut writes = vec![write_of(asset)?];
    writes.extend(titles::add_film(asset.title_id, &film)?);
    if let Some(row) = row {
        writes.push(write_of(row)?);
    }
    write_all(table, writes).await
}

/// Writes an asset and the first row of its next state together; `false` when somebody else was faster.
pub async fn write_step(table: &Table, (asset, row): &Step) -> Result<bool, StoreError> {
    let mut writes = vec![write_of(asset)?];
    if let Some(row) = row {
        writes.push(write_of(row)?);
    }
    write_all(table, writes).await
}
