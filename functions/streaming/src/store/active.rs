//! What is known of streams that run.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{AccountId, PlaybackId, TitleId};
use stores::{StoreError, Table};

use super::keys;
use crate::{
    lease::{Lease, Slots},
    session::Session,
    title::Title,
};

/// The sessions and titles of some leases.
#[derive(Debug, Default)]
pub struct Details {
    pub sessions: BTreeMap<PlaybackId, Session>,
    pub titles: BTreeMap<TitleId, Title>,
}

/// The slots of an account.
pub async fn slots(table: &Table, account: AccountId) -> Result<Slots, StoreError> {
    Ok(table.get(&keys::slots(account)).await?.unwrap_or_default())
}

/// In one call, and in none for no lease.
pub async fn details(table: &Table, leases: impl Iterator<Item = &Lease>) -> Result<Details, StoreError> {
    let mut details = Details::default();
    // DynamoDB refuses a key that is named twice: several devices may play the same title.
    let (sessions, titles): (BTreeSet<_>, BTreeSet<_>) = leases.map(|lease| (lease.session, lease.title)).unzip();
    let keys: Vec<_> =
        sessions.iter().map(|id| keys::session(*id)).chain(titles.iter().map(|id| keys::title(*id))).collect();
    let mut found = table.get_all(&keys).await?;
    for id in sessions {
        details.sessions.extend(found.take(&keys::session(id))?.map(|session| (id, session)));
    }
    for id in titles {
        details.titles.extend(found.take(&keys::title(id))?.map(|title| (id, title)));
    }
    Ok(details)
}
