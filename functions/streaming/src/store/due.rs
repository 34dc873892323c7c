//! The index `due`: live sessions by the end of their lease, spread over shards.

use stores::{
    StoreError, Table,
    table::{Item, Query},
};
use time::OffsetDateTime;

use crate::{millis, session::Session};

/// How many partitions of the index they are spread over.
pub const SHARDS: u8 = 8;

/// A live session with its place in the index.
pub fn indexed(item: Item, session: &Session) -> Item {
    let shard = session.id.to_string().bytes().last().unwrap_or_default() % SHARDS;
    item.with("due_shard", self::shard(shard)).with("due_at", moment(session.lease_ends_at))
}

/// Sessions of a shard that count as live although their lease has ended, the longest over first. The index lags behind the table by moments.
pub async fn overdue(table: &Table, shard: u8, now: OffsetDateTime, most: usize) -> Result<Vec<Item>, StoreError> {
    let query = Query::index("due", "due_shard", self::shard(shard)).at_most("due_at", moment(now));
    table.query(query.first(most)).await
}

/// How many sessions of a shard have a lease that has not ended.
pub async fn live(table: &Table, shard: u8, now: OffsetDateTime) -> Result<u64, StoreError> {
    table.count(Query::index("due", "due_shard", self::shard(shard)).above("due_at", moment(now))).await
}

fn shard(shard: u8) -> String {
    format!("live#{shard}")
}

/// Texts of one length sort as their numbers do.
fn moment(time: OffsetDateTime) -> String {
    format!("{:015}", millis::of(time))
}
