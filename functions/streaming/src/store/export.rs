//! Everything that is held of a person.

use kernel::{AccountId, ProfileId};
use stores::{StoreError, Table, table::Item};

use super::{keys, positions, sessions};
use crate::{grant::Grant, lease::Slots, position::Position, session::Session};

/// What the table holds of a person.
#[derive(Debug, Default)]
pub struct Held {
    pub grant: Option<Grant>,
    pub slots: Slots,
    /// Its sessions, those that have ended within a week as well.
    pub sessions: Vec<Session>,
    pub positions: Vec<(ProfileId, Position)>,
}

/// Reads it.
pub async fn held(table: &Table, account: AccountId, profiles: &[ProfileId]) -> Result<Held, StoreError> {
    let (grant, slots) = (keys::grant(account), keys::slots(account));
    let mut found = table.get_all(&[grant.clone(), slots.clone()]).await?;
    let mut held =
        Held { grant: found.take(&grant)?, slots: found.take(&slots)?.unwrap_or_default(), ..Held::default() };
    for profile in profiles {
        held.positions.extend(positions::all(table, *profile).await?.into_iter().map(|position| (*profile, position)));
    }
    let sessions = sessions::items_of(table, account).await?;
    held.sessions = sessions.into_iter().map(Item::read).collect::<Result<_, _>>()?;
    Ok(held)
}
