//! Removes a person from the table.

use std::time::Duration;

use kernel::{AccountId, ProfileId};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Key, Query, Update, Value, Write, WriteError},
};
use time::OffsetDateTime;

use super::{keys, sessions};
use crate::{lease::Slots, session::State};

/// The functions that write positions end within 3 s: one that has read a session before it was erased has written by then.
const LATE: Duration = Duration::from_secs(4);

/// Forgets a person. How many records were removed, now and by earlier tries.
///
/// The tombstone comes first: what it refuses from then on cannot come back after the deletion. Then the slots, without which nobody can start
/// or report any more, the sessions that held them and those that have ended, and last the positions that a report under way may still
/// have written.
pub async fn erase(
    table: &Table,
    account: AccountId,
    profiles: &[ProfileId],
    now: OffsetDateTime,
) -> Result<u64, StoreError> {
    table.mark_erased(account, 0).await?;
    let slots: Option<Slots> = table.take(&keys::slots(account)).await?;
    let mut records = u64::from(slots.is_some());
    let slots = slots.unwrap_or_default();
    for lease in &slots.leases {
        records += erase_session(table, keys::session(lease.session)).await?;
    }
    records += erase_sessions(table, account).await?;
    records += erase_partition(table, keys::account(account)).await?;
    if slots.live(now).next().is_some() {
        tokio::time::sleep(LATE).await;
    }
    for profile in profiles {
        records += erase_partition(table, keys::profile(*profile)).await?;
    }
    // The index lags behind the table by moments.
    records += erase_sessions(table, account).await?;
    table.mark_erased(account, records).await
}

async fn erase_sessions(table: &Table, account: AccountId) -> Result<u64, StoreError> {
    let mut records = 0;
    for item in sessions::items_of(table, account).await? {
        records += erase_session(table, item.key()).await?;
    }
    Ok(records)
}

/// Marked first, so that the table's stream tells nobody that a live session has ended.
async fn erase_session(table: &Table, key: Key) -> Result<u64, StoreError> {
    let mark = Update::new().set("state", Value::of(&State::Erased)?).add("version", 1);
    match table.write(Write::update(key.clone(), mark).when(Condition::Exists)).await {
        Ok(()) => {}
        Err(WriteError::Refused(_)) => return Ok(0),
        Err(error) => return Err(error.into()),
    }
    table.write(Write::delete(key)).await?;
    Ok(1)
}

async fn erase_partition(table: &Table, partition: String) -> Result<u64, StoreError> {
    let keys: Vec<Key> = table.query(Query::partition(partition)).await?.iter().map(Item::key).collect();
    table.delete_all(&keys).await?;
    Ok(keys.len() as u64)
}
