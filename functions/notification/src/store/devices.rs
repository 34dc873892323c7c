//! Browsers that asked for push messages, and what they were sent.

use kernel::{AccountId, MessageId, PushDeviceId};
use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;

use crate::push::{BrowserKeys, Endpoint};

/// How many devices of an account get messages; the one that asked longest ago gives way.
const MOST: i64 = 20;

/// A device that is to get a message.
pub(crate) struct Device {
    pub id: PushDeviceId,
    pub endpoint: String,
    /// Absent where the record holds none.
    pub keys: Option<BrowserKeys>,
}

/// Registers a browser, or registers it anew; its id. A browser is one account's: whoever signed in there last.
pub(crate) async fn put(
    connection: &mut PgConnection,
    id: PushDeviceId,
    account: AccountId,
    (endpoint, keys): (&Endpoint, &BrowserKeys),
    now: OffsetDateTime,
) -> Result<PushDeviceId, sqlx::Error> {
    sqlx::query("delete from devices where endpoint = $1 and account_id <> $2")
        .bind(endpoint.as_str())
        .bind(account)
        .execute(&mut *connection)
        .await?;
    let (public, secret) = keys.bytes();
    let id = sqlx::query_scalar(
        "insert into devices (id, account_id, endpoint, public_key, secret, registered_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (endpoint) do update set public_key = excluded.public_key, secret = excluded.secret, \
         registered_at = excluded.registered_at returning id",
    )
    .bind(id)
    .bind(account)
    .bind(endpoint.as_str())
    .bind(public)
    .bind(secret)
    .bind(now)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "delete from devices where id in (select id from devices where account_id = $1 order by registered_at desc, id desc offset $2)",
    )
    .bind(account)
    .bind(MOST)
    .execute(connection)
    .await?;
    Ok(id)
}

/// Forgets a device of an account, if it has it.
pub(crate) async fn remove(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    id: PushDeviceId,
) -> Result<(), sqlx::Error> {
    let removed = sqlx::query("delete from devices where id = $1 and account_id = $2").bind(id).bind(account);
    removed.execute(executor).await.map(drop)
}

/// Whether an account has a device at all.
pub(crate) async fn exist(executor: impl PgExecutor<'_>, account: AccountId) -> Result<bool, sqlx::Error> {
    let exist = sqlx::query_scalar("select exists (select from devices where account_id = $1)").bind(account);
    exist.fetch_one(executor).await
}

/// The devices that a message is not done with.
pub(crate) async fn waiting(pool: &PgPool, account: AccountId, message: MessageId) -> Result<Vec<Device>, sqlx::Error> {
    let rows: Vec<(PushDeviceId, String, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "select id, endpoint, public_key, secret from devices d where account_id = $1 \
         and not exists (select from pushes where message_id = $2 and device_id = d.id) order by registered_at desc, id desc",
    )
    .bind(account)
    .bind(message)
    .fetch_all(pool)
    .await?;
    let device = |(id, endpoint, public, secret): (_, _, Vec<u8>, Vec<u8>)| Device {
        id,
        endpoint,
        keys: BrowserKeys::from_bytes(&public, &secret),
    };
    Ok(rows.into_iter().map(device).collect())
}

/// A message is done with for a device, unless either is gone meanwhile.
pub(crate) async fn done(
    pool: &PgPool,
    message: MessageId,
    device: PushDeviceId,
    is_taken: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into pushes (message_id, device_id, is_taken) select d.message_id, v.id, $3 from deliveries d, devices v \
         where d.message_id = $1 and v.id = $2 for key share on conflict do nothing",
    )
    .bind(message)
    .bind(device)
    .bind(is_taken)
    .execute(pool)
    .await
    .map(drop)
}

/// Whether a message was taken for any device.
pub(crate) async fn has_reached(pool: &PgPool, message: MessageId) -> Result<bool, sqlx::Error> {
    let reached = sqlx::query_scalar("select exists (select from pushes where message_id = $1 and is_taken)");
    reached.bind(message).fetch_one(pool).await
}
