//! Requests to forget a person, the answers to them, and auth's own part, which goes last.

use events::{Event, Receipt};
use kernel::{AccountId, ErasureId, Locale, ProfileId, World, tombstone};
use proto::{auth::ErasureRequested, types};
use sqlx::{FromRow, PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::{email::Email, erasure::Erased, rfc3339::rfc3339};

/// As many requests in one round as can be asked again within seconds.
const ROUND: i64 = 100;
/// What auth itself holds of an account besides its row in `accounts`; `$1` is the account. A test holds the list against the schema.
const RECORDS: &[&str] = &[
    "delete from credentials where account_id = $1",
    "delete from roles where account_id = $1",
    "delete from sessions where account_id = $1",
    "delete from profiles where account_id = $1",
    "delete from security_events where account_id = $1",
    "delete from tries where account_id = $1",
    "delete from totp where account_id = $1",
    "delete from recovery_codes where account_id = $1",
    "delete from mfa_tokens where account_id = $1",
    "delete from email_changes where account_id = $1",
    "delete from oauth_links where account_id = $1",
    // As somebody who has done something to others.
    "update security_events set actor_id = null where actor_id = $1",
    "delete from idempotency_keys where scope like $1 || ' %'",
    "delete from accounts where id = $1",
];
/// What makes signing in impossible at once, beside the end of every session and however far the saga has come; `$1` is the account.
const WAYS_IN: &[&str] = &[
    "delete from credentials where account_id = $1",
    "delete from roles where account_id = $1",
    "delete from mfa_tokens where account_id = $1",
    "delete from oauth_links where account_id = $1",
    "delete from email_changes where account_id = $1",
    // Whoever asks for this address asks for an unknown one from now on, and may register it anew.
    "delete from codes where email = (select email from accounts where id = $1)",
    "delete from reset_codes where email = (select email from accounts where id = $1)",
    "update accounts set email = 'erased:' || id where id = $1",
];

/// A request that some services have not answered.
pub(crate) struct Open {
    pub id: ErasureId,
    account_id: AccountId,
    profile_ids: Vec<ProfileId>,
    requested_at: OffsetDateTime,
    asked: i64,
}

/// From the columns id, account_id, profile_ids, requested_at and asked.
impl FromRow<'_, PgRow> for Open {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            account_id: row.try_get(1)?,
            profile_ids: row.try_get(2)?,
            requested_at: row.try_get(3)?,
            asked: row.try_get(4)?,
        })
    }
}

impl Open {
    /// Asks every service; its profiles are those that the user service has named and forgotten.
    pub fn event(&self, world: &World) -> Event {
        let data = ErasureRequested {
            erasure_id: self.id.to_string(),
            account_id: self.account_id.to_string(),
            requested_at: rfc3339(self.requested_at),
            profile_ids: self.profile_ids.iter().map(ToString::to_string).collect(),
        };
        Event::new(world, types::ERASURE_REQUESTED, self.id, self.asked, &data)
    }
}

/// What is known of a request to which a receipt belongs.
pub(crate) struct Asked {
    pub is_done: bool,
    /// Where the last mail goes.
    pub contact: Option<(Email, Locale)>,
}

/// The request about an account, also when the account is gone.
pub(crate) async fn of(database: impl PgExecutor<'_>, account: AccountId) -> Result<Option<ErasureId>, sqlx::Error> {
    sqlx::query_scalar("select id from erasures where account_digest = $1")
        .bind(tombstone(account))
        .fetch_optional(database)
        .await
}

/// Keeps a request; `None`: there is one, or no such account.
pub(crate) async fn add(
    connection: &mut PgConnection,
    request: ErasureId,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Option<Open>, sqlx::Error> {
    sqlx::query_as(
        "insert into erasures (id, account_digest, account_id, email, locale, requested_at, asked_at) \
         select $1, $2, id, email, locale, $4, $4 from accounts where id = $3 for update \
         on conflict (account_digest) do nothing returning id, account_id, profile_ids, requested_at, asked",
    )
    .bind(request)
    .bind(tombstone(account))
    .bind(account)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Nobody signs in to the account any more.
pub(crate) async fn close_ways_in(connection: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    for statement in WAYS_IN {
        sqlx::query(*statement).bind(account).execute(&mut *connection).await?;
    }
    Ok(())
}

/// When a request was made, and when the last service had answered.
pub(crate) async fn times(
    database: impl PgExecutor<'_>,
    id: ErasureId,
) -> Result<Option<(OffsetDateTime, Option<OffsetDateTime>)>, sqlx::Error> {
    sqlx::query_as("select requested_at, done_at from erasures where id = $1").bind(id).fetch_optional(database).await
}

/// Finds the request of a receipt and keeps the profiles that it names; nobody else takes a receipt before the transaction ends. `None`:
/// there is no such request about this account.
pub(crate) async fn open(connection: &mut PgConnection, receipt: &Receipt) -> Result<Option<Asked>, sqlx::Error> {
    let row: Option<(bool, Option<Email>, Locale)> = sqlx::query_as(
        "update erasures set profile_ids = case when done_at is null then \
         array(select distinct unnest(profile_ids || $3) order by 1) else profile_ids end \
         where id = $1 and account_digest = $2 returning done_at is not null, email, locale",
    )
    .bind(receipt.erasure)
    .bind(tombstone(receipt.account))
    .bind(&receipt.profiles)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(is_done, email, locale)| Asked { is_done, contact: email.map(|email| (email, locale)) }))
}

/// Nothing of the person is left, not even in the request.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    id: ErasureId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("update erasures set done_at = $2, account_id = null, email = null, profile_ids = '{}' where id = $1")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// The requests that some services have not answered since `before`; they count as asked again.
pub(crate) async fn overdue(
    connection: &mut PgConnection,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Vec<Open>, sqlx::Error> {
    sqlx::query_as(
        "update erasures set asked_at = $2, asked = asked + 1 where id in (select id from erasures \
         where done_at is null and asked_at <= $1 order by asked_at limit $3 for update skip locked) \
         returning id, account_id, profile_ids, requested_at, asked",
    )
    .bind(before)
    .bind(now)
    .bind(ROUND)
    .fetch_all(connection)
    .await
}

/// Of two answers of a service the one with more records counts: a repetition finds less than there was.
pub(crate) async fn keep(connection: &mut PgConnection, id: ErasureId, erased: &Erased) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into erasure_receipts (erasure_id, service, records, erased_at) values ($1, $2, $3, $4) \
         on conflict (erasure_id, service) do update set records = greatest(erasure_receipts.records, excluded.records), \
         erased_at = least(erasure_receipts.erased_at, excluded.erased_at)",
    )
    .bind(id)
    .bind(&erased.service)
    .bind(erased.records)
    .bind(erased.erased_at)
    .execute(connection)
    .await
    .map(drop)
}

/// What the services have answered.
pub(crate) async fn receipts(database: impl PgExecutor<'_>, id: ErasureId) -> Result<Vec<Erased>, sqlx::Error> {
    let rows = sqlx::query_as::<_, (String, i64, OffsetDateTime)>(
        "select service, records, erased_at from erasure_receipts where erasure_id = $1 order by service",
    )
    .bind(id)
    .fetch_all(database)
    .await?;
    Ok(rows.into_iter().map(|(service, records, erased_at)| Erased { service, records, erased_at }).collect())
}

/// Removes everything that auth holds of an account.
pub(crate) async fn erase(connection: &mut PgConnection, account: AccountId) -> Result<i64, sqlx::Error> {
    let mut records = 0;
    for statement in RECORDS {
        records += sqlx::query(*statement).bind(account).execute(&mut *connection).await?.rows_affected();
    }
    Ok(i64::try_from(records).unwrap_or(i64::MAX))
}
