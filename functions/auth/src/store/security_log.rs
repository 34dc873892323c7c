//! The log of what happened to accounts.

use kernel::AccountId;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{Device, parsed};
use crate::{
    email::Email,
    security_event::{Kind, SecurityEvent},
};

/// Security events of all accounts.
#[derive(Clone)]
pub struct SecurityLog(PgPool);

/// What the log says of a device and a territory.
pub struct Familiar {
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
pub type Place = (OffsetDateTime, String);

impl SecurityLog {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Writes an event, in the transaction of what it tells where there is one.
    pub async fn record(&self, connection: &mut PgConnection, event: &SecurityEvent) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into security_events (id, account_id, kind, at, session_id, actor_id, address, territory, detail) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(event.id.to_string())
        .bind(event.account.map(|id| id.to_string()))
        .bind(event.kind.as_str())
        .bind(event.at)
        .bind(event.session.map(|id| id.to_string()))
        .bind(event.actor.map(|id| id.to_string()))
        .bind(&event.address)
        .bind(&event.territory)
        .bind(&event.detail)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Writes an event that belongs to no transaction.
    pub async fn record_alone(&self, event: &SecurityEvent) -> Result<(), sqlx::Error> {
        let mut connection = self.0.acquire().await?;
        self.record(&mut connection, event).await
    }

    /// What is known of the device and the territory of a sign-in that is about to be recorded.
    pub async fn familiar(
        &self,
        connection: &mut PgConnection,
        account: AccountId,
        device: &Device<'_>,
    ) -> Result<Familiar, sqlx::Error> {
        let row = sqlx::query(
            "select a.email, count(e.id) > 0 as has_signed_in, \
             coalesce(bool_or(e.detail is not distinct from $2), false) as knows_device, \
             coalesce(bool_or(e.territory = $3), false) as knows_territory \
             from accounts a left join security_events e on e.account_id = a.id and e.kind = 'signed_in' \
             where a.id = $1 group by a.id",
        )
        .bind(account.to_string())
        .bind(device.name)
        .bind(device.origin.territory.as_str())
        .fetch_one(connection)
        .await?;
        Ok(Familiar {
            email: parsed(&row, "email")?,
            has_signed_in: row.try_get("has_signed_in")?,
            knows_device: row.try_get("knows_device")?,
            knows_territory: row.try_get("knows_territory")?,
        })
    }

    /// Up to `most` events of an account, newest first, from behind a place on.
    pub async fn list(
        &self,
        account: AccountId,
        after: Option<Place>,
        most: i64,
    ) -> Result<Vec<SecurityEvent>, sqlx::Error> {
        let (at, id) = after.unzip();
        let rows = sqlx::query(
            "select id, account_id, kind, at, session_id, actor_id, address, territory, detail from security_events \
             where account_id = $1 and ($2::timestamptz is null or (at, id) < ($2, $3)) order by at desc, id desc limit $4",
        )
        .bind(account.to_string())
        .bind(at)
        .bind(id)
        .bind(most)
        .fetch_all(&self.0)
        .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &PgRow) -> Result<SecurityEvent, sqlx::Error> {
    let kind: &str = row.try_get("kind")?;
    let optional = |column: &str| row.try_get::<Option<&str>, _>(column).map(|text| text.is_some());
    Ok(SecurityEvent {
        id: parsed(row, "id")?,
        account: if optional("account_id")? { Some(parsed(row, "account_id")?) } else { None },
        kind: Kind::parse(kind).ok_or_else(|| sqlx::Error::Decode(format!("unknown kind {kind}").into()))?,
        at: row.try_get("at")?,
        session: if optional("session_id")? { Some(parsed(row, "session_id")?) } else { None },
        actor: if optional("actor_id")? { Some(parsed(row, "actor_id")?) } else { None },
        address: row.try_get("address")?,
        territory: row.try_get("territory")?,
        detail: row.try_get("detail")?,
    })
}
