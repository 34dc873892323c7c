//! Login sessions that ended lately: their access tokens still live, but prove nothing any more.

use kernel::SessionId;
use serde::{Deserialize, Serialize};
use stores::{
    StoreError, Table,
    table::{Item, Write},
};
use time::{Duration, OffsetDateTime};

use super::keys;
use crate::millis;

/// Six times as long as an access token lives.
const KEPT: Duration = Duration::hours(1);

#[derive(Serialize, Deserialize)]
struct EndedLogin {
    #[serde(with = "millis")]
    ended_at: OffsetDateTime,
}

/// Notes that a session has ended, unless all its tokens have expired.
pub async fn put(
    table: &Table,
    session: SessionId,
    ended_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let until = ended_at + KEPT;
    if until < now {
        return Ok(());
    }
    let item = Item::new(&keys::ended_login(session), &EndedLogin { ended_at })?.expiring(until);
    Ok(table.write(Write::put(item)).await?)
}

/// Whether a session is known to have ended.
pub async fn contains(table: &Table, session: SessionId) -> Result<bool, StoreError> {
    let found: Option<EndedLogin> = table.get(&keys::ended_login(session)).await?;
    Ok(found.is_some())
}
