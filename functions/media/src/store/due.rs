//! What the reconciler has to look at: the index `due` over everything in the table.

use stores::{StoreError, Table, table::Query};
use time::OffsetDateTime;

use super::{
    assets, captions, removals, uploads,
    versioned::{SHARDS, moment},
};
use crate::{
    assets::{asset::Asset, removal::Removal, row::JobRow},
    captions::title::TitleCaptions,
    uploads::upload::Upload,
};

/// An item that is due.
#[derive(Debug, Clone)]
pub enum Due {
    /// On its way, or ready with a source that goes to the archive.
    Asset(Box<Asset>),
    /// Files of its captions have outlived their readers.
    Captions(Box<TitleCaptions>),
    /// Should be further.
    Job(Box<JobRow>),
    /// Its last worker has ended.
    Removal(Box<Removal>),
    /// Completed: its source should have been noticed.
    Upload(Box<Upload>),
}

/// Up to `limit` items of each of the [`SHARDS`].
pub async fn list(table: &Table, now: OffsetDateTime, limit: usize) -> Result<Vec<Due>, StoreError> {
    let mut due = Vec::new();
    for shard in 0..SHARDS {
        let query = Query::index("due", "due_shard", shard.to_string()).at_most("due_at", moment(now)).first(limit);
        for item in table.query(query).await? {
            due.push(match item.key().sk.as_str() {
                assets::SORT_KEY => Due::Asset(Box::new(item.read()?)),
                captions::SORT_KEY => Due::Captions(Box::new(item.read()?)),
                removals::SORT_KEY => Due::Removal(Box::new(item.read()?)),
                uploads::SORT_KEY => Due::Upload(Box::new(item.read()?)),
                _ => Due::Job(Box::new(item.read()?)),
            });
        }
    }
    Ok(due)
}
