//! What profiles saw. Written by whoever reads first and finds nothing changed: no order of events and erasures leaves more than the latest erasure
//! allows.

use events::HistoryErased;
use kernel::{AccountId, ProfileId, TitleId};
use stores::{
    StoreError, Table,
    table::{Condition, Item, Query, Write, took_place},
};

use super::{erasure, forgotten::Forgotten, hidings, keys, profiles};
use crate::{
    millis,
    viewing::{Viewing, Watch},
};

/// Others who write the same item at the same moment are few: the player of one session reports every 30 s.
const ATTEMPTS: u32 = 10;

/// Takes in what events say of a profile and a title, unless the profile is gone.
pub async fn note(
    table: &Table,
    (account, profile, title): (AccountId, ProfileId, TitleId),
    watches: &[Watch],
) -> Result<(), StoreError> {
    if profiles::is_gone(table, account, profile).await? {
        return Ok(());
    }
    change(table, profile, title, watches).await?;
    // Whoever erases marks first and deletes then: if that happened meanwhile, the mark is here and what was written may have been late.
    if profiles::is_gone(table, account, profile).await? {
        erasure::forget(table, profile).await?;
    }
    Ok(())
}

/// Forgets what was begun until then, in one title or in all. What is told late of that time is refused by the mark.
pub async fn erase(table: &Table, erased: &HistoryErased) -> Result<(), StoreError> {
    let until = millis::of(erased.erased_at);
    let mark = Item::new(&keys::forgotten(erased.profile, erased.title), &Forgotten { until })?;
    let later = Condition::Absent.or(Condition::below("until", until));
    took_place(table.write(Write::put(mark).when(later)).await)?;
    let titles = match erased.title {
        Some(title) => vec![title],
        None => {
            let items = table.query(Query::partition(keys::profile(erased.profile))).await?;
            items.iter().filter_map(|item| item.key().sk.strip_prefix(keys::VIEWING)?.parse().ok()).collect()
        }
    };
    for title in titles {
        change(table, erased.profile, title, &[]).await?;
    }
    hidings::erase(table, erased.profile, erased.title, until).await?;
    erasure::forget_impressions(table, erased.profile).await.map(drop)
}

/// Until the item is what watches and marks make of it: the last look finds nothing to change.
async fn change(table: &Table, profile: ProfileId, title: TitleId, watches: &[Watch]) -> Result<(), StoreError> {
    let key = keys::viewing(profile, title);
    let marks = [keys::forgotten(profile, None), keys::forgotten(profile, Some(title))];
    for _ in 0..ATTEMPTS {
        let mut found = table.get_all(&[key.clone(), marks[0].clone(), marks[1].clone()]).await?;
        let known: Viewing = found.take(&key)?.unwrap_or_default();
        let mut next = known.clone();
        watches.iter().for_each(|watch| next.note(*watch));
        for mark in &marks {
            let mark: Option<Forgotten> = found.take(mark)?;
            mark.iter().for_each(|mark| next.forget(mark.until));
        }
        if next == known {
            return Ok(());
        }
        let unchanged = Condition::version(known.version);
        let write = if next.is_empty() {
            Write::delete(key.clone()).when(unchanged)
        } else {
            if known.version == 0 {
                table.write(profiles::listing(profile)?).await?;
            }
            // An item that comes back after it was deleted begins higher than it ended: later sessions made it.
            next.version = if known.version == 0 { next.last_at().max(1) } else { known.version + 1 };
            Write::put(Item::new(&key, &next)?).when(unchanged)
        };
        took_place(table.write(write).await)?;
    }
    Err(StoreError { engine: "dynamodb", detail: "others changed the same viewing in each attempt".to_owned() })
}
