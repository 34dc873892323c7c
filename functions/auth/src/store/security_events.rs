//! The log of what happened to accounts.

use kernel::{AccountId, EventId, SessionId};
use sqlx::{PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::sessions::Device;
use crate::{email::Email, security_event::SecurityEvent};

/// What the log says of a device and a territory.
pub(crate) struct Familiar {
    /// Whose account it is.
    pub email: Email,
    /// Whether there was any sign-in.
    pub has_signed_in: bool,
    /// Whether there was one on a device of this name.
    pub knows_device: bool,
    /// Whether there was one from this territory.
    pub knows_territory: bool,
}

/// Where a page ends: time and id of its last event.
pub(crate) type Place = (OffsetDateTime, EventId);

/// Writes an event, in the transaction of what it tells where there is one.
pub(crate) async fn add(database: impl PgExecutor<'_>, event: &SecurityEvent) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into security_events (id, account_id, kind, at, session_id, actor_id, address, territory, detail) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(event.id)
    .bind(event.account)
    .bind(event.kind)
    .bind(event.at)
    .bind(event.session)
    .bind(event.actor)
    .bind(&event.address)
    .bind(&event.territory)
    .bind(&event.detail)
    .execute(database)
    .await
    .map(drop)
}

/// What is known of the device and the territory of a sign-in that is about to be recorded.
pub(crate) async fn familiar(
    database: impl PgExecutor<'_>,
    account: AccountId,
    device: &Device<'_>,
) -> Result<Familiar, sqlx::Error> {
    let (email, has_signed_in, knows_device, knows_territory) = sqlx::query_as(
        "select a.email, count(e.id) > 0, coalesce(bool_or(e.detail is not distinct from $2), false), \
         coalesce(bool_or(e.territory = $3), false) \
         from accounts a left join security_events e on e.account_id = a.id and e.kind = 'signed_in' \
         where a.id = $1 group by a.id",
    )
    .bind(account)
    .bind(device.name)
    .bind(device.territory)
    .fetch_one(database)
    .await?;
    Ok(Familiar { email, has_signed_in, knows_device, knows_territory })
}

/// Up to `most` events of an account, newest first, from behind a place on.
pub(crate) async fn list(
    database: impl PgExecutor<'_>,
    account: AccountId,
    after: Option<Place>,
    most: i64,
) -> Result<Vec<SecurityEvent>, sqlx::Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query(
        "select id, account_id, kind, at, session_id, actor_id, address, territory, detail from security_events \
         where account_id = $1 and ($2::timestamptz is null or (at, id) < ($2, $3)) order by at desc, id desc limit $4",
    )
    .bind(account)
    .bind(at)
    .bind(id)
    .bind(most)
    .fetch_all(database)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<SecurityEvent, sqlx::Error> {
    Ok(SecurityEvent {
        id: row.try_get(0)?,
        account: row.try_get(1)?,
        kind: row.try_get(2)?,
        at: row.try_get(3)?,
        session: row.try_get::<Option<SessionId>, _>(4)?,
        actor: row.try_get(5)?,
        address: row.try_get(6)?,
        territory: row.try_get(7)?,
        detail: row.try_get(8)?,
    })
}
