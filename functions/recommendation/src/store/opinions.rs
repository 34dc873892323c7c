//! What profiles say: of titles, and when they begin.

use kernel::{AccountId, ProfileId, TitleId};
use stores::{
    StoreError, Table,
    table::{Item, Key, Write, WriteError},
};

use super::{keys, profiles};
use crate::feedback::{Feedback, Onboarding};

/// Whose.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    pub account: AccountId,
    pub profile: ProfileId,
}

/// Stores what a profile says of a title; nothing takes it back.
pub async fn put(table: &Table, owner: Owner, title: TitleId, feedback: Option<&Feedback>) -> Result<(), StoreError> {
    let key = keys::feedback(owner.profile, title);
    match feedback {
        Some(feedback) => store(table, owner, Item::new(&key, feedback)?).await,
        None => table.delete_all(&[key]).await,
    }
}

/// Stores what a profile chose, in the place of what it chose before.
pub async fn choose(table: &Table, owner: Owner, chosen: &Onboarding) -> Result<(), StoreError> {
    store(table, owner, Item::new(&keys::onboarding(owner.profile), chosen)?).await
}

/// A token lives on for minutes after its profile is gone: then nothing is kept.
async fn store(table: &Table, owner: Owner, item: Item) -> Result<(), StoreError> {
    let gone: Key = keys::gone(owner.profile);
    let writes = vec![
        Write::put(item),
        profiles::listing(owner.profile)?,
        Write::unless_erased(owner.account),
        Write::check(gone, stores::table::Condition::Absent),
    ];
    match table.transact(writes).await {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
