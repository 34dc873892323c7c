//! Items that count their changes: a write names the version it was decided on, so that of two writers one decides anew.

use serde::{Serialize, de::DeserializeOwned};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Key, Write, took_place},
};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// How often a change is decided when others are faster.
pub const MOST_CONFLICTS: usize = 20;
/// The reconciler asks each of them: one hot partition of the index would throttle.
pub(super) const SHARDS: u32 = 4;

/// A value that is an item of its own.
pub(super) trait Versioned: Serialize + DeserializeOwned + Clone {
    fn key(&self) -> Key;
    /// How often it was written; 0 before the first time.
    fn version(&self) -> i64;
    /// The value with the version that it has after being written.
    #[must_use]
    fn stored(self) -> Self;
    /// When the reconciler looks at it.
    fn due_at(&self) -> Option<OffsetDateTime>;
}

/// Implements [`Versioned`] for a value with the fields `version` and `due_at`.
macro_rules! versioned {
    ($type:ty, $value:ident => $key:expr) => {
        impl $crate::store::versioned::Versioned for $type {
            fn key(&self) -> stores::table::Key {
                let $value = self;
                $key
            }
            fn version(&self) -> i64 {
                self.version
            }
            fn stored(mut self) -> Self {
                self.version += 1;
                self
            }
            fn due_at(&self) -> Option<time::OffsetDateTime> {
                self.due_at
            }
        }
    };
}
pub(super) use versioned;

/// How a change ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed<T> {
    /// Stored.
    To(T),
    /// Nothing to change.
    Not(T),
    /// There is no such item.
    Absent,
}

/// Others were always faster.
#[derive(Debug, thiserror::Error)]
#[error("{0} changes all the time")]
pub struct TooManyConflicts(pub String);

impl From<TooManyConflicts> for StoreError {
    fn from(error: TooManyConflicts) -> Self {
        Self::new("dynamodb", error)
    }
}

/// Stores a value if its version is still the one that was read.
pub(super) fn write_of<T: Versioned>(value: &T) -> Result<Write, StoreError> {
    let key = value.key();
    let item = Item::new(&key, &value.clone().stored())?.with("due_shard", shard(&key.pk));
    let item = match value.due_at() {
        Some(at) => item.with("due_at", moment(at)),
        // Without its place in the index the reconciler does not see the item.
        None => item.without("due_at"),
    };
    Ok(Write::put(item).when(Condition::version(value.version())))
}

/// Writes all or none; `false` when one of them has changed meanwhile.
pub(super) async fn write_all(table: &Table, writes: Vec<Write>) -> Result<bool, StoreError> {
    took_place(match <[Write; 1]>::try_from(writes) {
        Ok([write]) => table.write(write).await,
        Err(writes) => table.transact(writes).await,
    })
}

/// Reads, decides and writes; once more when somebody else was faster.
pub(super) async fn change<T: Versioned>(
    table: &Table,
    key: &Key,
    decide: impl Fn(&T) -> Option<T>,
) -> Result<Changed<T>, StoreError> {
    for _ in 0..MOST_CONFLICTS {
        let Some(value) = table.get::<T>(key).await? else { return Ok(Changed::Absent) };
        let Some(next) = decide(&value) else { return Ok(Changed::Not(value)) };
        if write_all(table, vec![write_of(&next)?]).await? {
            return Ok(Changed::To(next.stored()));
        }
    }
    Err(TooManyConflicts(format!("{} {}", key.pk, key.sk)).into())
}

/// Whole seconds in one width, so that text order is time order.
pub(super) fn moment(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

fn shard(pk: &str) -> String {
    let sum = pk.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    (sum % SHARDS).to_string()
}
