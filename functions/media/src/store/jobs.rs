//! The ledger of an asset: a row for each of its jobs.

use futures::{StreamExt, TryStreamExt, stream};
use kernel::AssetId;
use stores::{
    StoreError, Table,
    table::{Item, Key, Query},
};

use super::{
    Changed,
    versioned::{change as change_item, versioned, write_all, write_of},
};
use crate::assets::{job::Job, row::JobRow};

/// Writes on their way at the same time.
const WRITES: usize = 16;
const SORT_KEY_PREFIX: &str = "job#";

versioned!(JobRow, row => key(row.asset_id, &row.job));

pub(super) fn key(id: AssetId, job: &Job) -> Key {
    Key::new(id, format!("{SORT_KEY_PREFIX}{job}"))
}

/// As it is now.
pub async fn find(table: &Table, id: AssetId, job: &Job) -> Result<Option<JobRow>, StoreError> {
    table.get(&key(id, job)).await
}

/// Stores what `decide` makes of it.
pub async fn change(
    table: &Table,
    id: AssetId,
    job: &Job,
    decide: impl Fn(&JobRow) -> Option<JobRow>,
) -> Result<Changed<JobRow>, StoreError> {
    change_item(table, &key(id, job), decide).await
}

/// Adds rows that are not there yet.
pub async fn add(table: &Table, rows: Vec<JobRow>) -> Result<(), StoreError> {
    let writes = rows.into_iter().map(|row| async move { write_all(table, vec![write_of(&row)?]).await });
    stream::iter(writes).buffer_unordered(WRITES).try_for_each(|_| async { Ok(()) }).await
}

/// All rows of an asset as they are now, in the order of the film.
pub async fn list(table: &Table, id: AssetId) -> Result<Vec<JobRow>, StoreError> {
    let rows = Query::partition(id.to_string()).begins_with("sk", SORT_KEY_PREFIX);
    table.query(rows).await?.into_iter().map(Item::read).collect()
}
