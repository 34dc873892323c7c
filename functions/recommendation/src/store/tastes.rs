//! Everything that is kept of a profile, in one query.

use futures::future::try_join_all;
use kernel::ProfileId;
use stores::{
    StoreError, Table,
    table::{Item, Query},
};

use super::{hidings::Hiding, keys, profiles, watchlists::Listing};
use crate::taste::Taste;

/// Profiles that are read at once.
const AT_ONCE: usize = 16;

/// What is known of a profile.
pub async fn get(table: &Table, profile: ProfileId) -> Result<Taste, StoreError> {
    taste(table.query(Query::partition(keys::profile(profile))).await?)
}

fn taste(items: Vec<Item>) -> Result<Taste, StoreError> {
    let mut taste = Taste::default();
    for item in items {
        let sk = item.key().sk;
        if let Some(title) = sk.strip_prefix(keys::VIEWING).and_then(|title| title.parse().ok()) {
            taste.viewings.insert(title, item.read()?);
        } else if let Some(title) = sk.strip_prefix(keys::FEEDBACK).and_then(|title| title.parse().ok()) {
            taste.feedback.insert(title, item.read()?);
        } else if let Some(title) = sk.strip_prefix(keys::HIDDEN).and_then(|title| title.parse().ok()) {
            taste.hidden.extend(item.read::<Hiding>()?.hidden_at.map(|at| (title, at)));
        } else if let Some(title) = sk.strip_prefix(keys::RECORD).and_then(|title| title.parse().ok()) {
            taste.records.insert(title, item.read()?);
        } else if let Some(title) = sk.strip_prefix(keys::WATCHLIST).and_then(|title| title.parse().ok()) {
            taste.watchlist.extend(item.read::<Listing>()?.listed_at.map(|at| (title, at)));
        } else if sk == keys::ONBOARDING {
            taste.onboarding = item.read()?;
        }
    }
    Ok(taste)
}

/// What is known of everybody, without saying of whom.
pub async fn all(table: &Table) -> Result<Vec<Taste>, StoreError> {
    let profiles = profiles::all(table).await?;
    let mut tastes = Vec::with_capacity(profiles.len());
    for some in profiles.chunks(AT_ONCE) {
        tastes.extend(try_join_all(some.iter().map(|profile| get(table, *profile))).await?);
    }
    Ok(tastes)
}
