//! Requests to forget a person, the answers to them, and auth's own part, which goes last.

use events::{Event, Letter, Outbox, outbox::Posted};
use kernel::{AccountId, ErasureId, World, tombstone};
use proto::{auth::ErasureRequested, types};
use serde_json::json;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{SecurityLog, parsed};
use crate::{
    email::Email,
    erasure::{Erased, Progress, Receipt, lines, waiting},
    letter::letter,
    security_event::SecurityEvent,
};

/// As many requests in one round as can be asked again within seconds.
const ROUND: i64 = 100;
/// Auth's own receipt.
const OWN: &str = "auth";
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
/// What makes signing in impossible at once, however far the saga has come; `$1` is the account.
const DOORS: &[&str] = &[
    "update sessions set revoked_at = now(), revoke_reason = 'account_erased' where account_id = $1 and revoked_at is null",
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

/// Erasures of all accounts.
#[derive(Clone)]
pub struct Erasures(PgPool);

/// How a receipt was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is kept, and others are waited for; or everything was done before.
    Kept,
    /// It was the last one: auth's own rows are gone.
    Last,
    /// There is no such request about this account.
    Unknown,
}

/// A request that some services have not answered.
struct Open {
    id: ErasureId,
    account: String,
    profiles: Vec<String>,
    requested_at: OffsetDateTime,
    asked: i64,
}

impl Open {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: parsed(row, "id")?,
            account: row.try_get("account_id")?,
            profiles: row.try_get("profile_ids")?,
            requested_at: row.try_get("requested_at")?,
            asked: row.try_get("asked")?,
        })
    }

    /// The event that asks every service; its profiles are those that the user service has named and forgotten.
    fn letter(&self, world: &World) -> Letter {
        let data = ErasureRequested {
            erasure_id: self.id.to_string(),
            account_id: self.account.clone(),
            requested_at: self.requested_at.format(&Rfc3339).unwrap_or_default(),
            profile_ids: self.profiles.clone(),
        };
        Letter::event(&Event::new(world, types::ERASURE_REQUESTED, self.id, self.asked, &data))
    }
}

impl Erasures {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// The request about an account, also when the account is gone.
    pub async fn of(&self, account: AccountId) -> Result<Option<ErasureId>, sqlx::Error> {
        let row = sqlx::query("select id from erasures where account_digest = $1")
            .bind(tombstone(account))
            .fetch_optional(&self.0)
            .await?;
        row.as_ref().map(|row| parsed(row, "id")).transpose()
    }

    /// Begins an erasure, or finds the one that somebody else has begun meanwhile: every door is shut in the same transaction.
    pub async fn begin(
        &self,
        outbox: &Outbox,
        event: &SecurityEvent,
        account: AccountId,
        world: &World,
    ) -> Result<(ErasureId, Posted), sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        let request: ErasureId = world.id();
        let open = sqlx::query(
            "insert into erasures (id, account_digest, account_id, email, locale, requested_at, asked_at) \
             select $1, $2, id, email, locale, $4, $4 from accounts where id = $3 for update \
             on conflict (account_digest) do nothing returning id, account_id, profile_ids, requested_at, asked",
        )
        .bind(request.to_string())
        .bind(tombstone(account))
        .bind(account.to_string())
        .bind(world.now())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(open) = open else {
            transaction.rollback().await?;
            return Ok((self.of(account).await?.ok_or(sqlx::Error::RowNotFound)?, Posted::default()));
        };
        let open = Open::read(&open)?;
        SecurityLog::new(self.0.clone()).record(&mut transaction, event).await?;
        for statement in DOORS {
            sqlx::query(*statement).bind(account.to_string()).execute(&mut *transaction).await?;
        }
        let posted = outbox.post(&mut transaction, [open.letter(world)]).await?;
        transaction.commit().await?;
        Ok((open.id, posted))
    }

    /// How far a request has come.
    pub async fn progress(&self, id: ErasureId) -> Result<Option<Progress>, sqlx::Error> {
        let mut connection = self.0.acquire().await?;
        let found = sqlx::query("select requested_at, done_at from erasures where id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *connection)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let receipts = receipts(&mut connection, id).await?;
        let done_at: Option<OffsetDateTime> = found.try_get("done_at")?;
        let waiting = waiting(receipts.iter().map(|erased| erased.service.as_str()));
        Ok(Some(Progress {
            erasure_id: id,
            done: done_at.is_some(),
            requested_at: found.try_get("requested_at")?,
            done_at,
            waiting_for: waiting.iter().filter(|_| done_at.is_none()).map(ToString::to_string).collect(),
            receipts,
        }))
    }

    /// Keeps a receipt; the last one ends the saga: auth forgets its own rows and the address, to which it posts one last letter.
    pub async fn take(
        &self,
        outbox: &Outbox,
        receipt: &Receipt,
        world: &World,
    ) -> Result<(Taken, Posted), sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        let open = sqlx::query(
            "update erasures set profile_ids = case when done_at is null then \
             array(select distinct unnest(profile_ids || $3) order by 1) else profile_ids end \
             where id = $1 and account_digest = $2 returning done_at is not null as is_done, email, locale",
        )
        .bind(receipt.erasure.to_string())
        .bind(tombstone(receipt.account))
        .bind(receipt.profiles.iter().map(ToString::to_string).collect::<Vec<_>>())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(open) = open else {
            transaction.rollback().await?;
            return Ok((Taken::Unknown, Posted::default()));
        };
        if open.try_get("is_done")? {
            transaction.rollback().await?;
            return Ok((Taken::Kept, Posted::default()));
        }
        keep(
            &mut transaction,
            receipt.erasure,
            &Erased { service: receipt.service.clone(), records: receipt.records, erased_at: receipt.erased_at },
        )
        .await?;
        let answered = receipts(&mut transaction, receipt.erasure).await?;
        if !waiting(answered.iter().map(|erased| erased.service.as_str())).is_empty() {
            transaction.commit().await?;
            return Ok((Taken::Kept, Posted::default()));
        }
        let records = erase(&mut transaction, receipt.account).await?;
        let own = Erased { service: OWN.to_owned(), records, erased_at: world.now() };
        keep(&mut transaction, receipt.erasure, &own).await?;
        let farewell = farewell(&open, &receipts(&mut transaction, receipt.erasure).await?, world)?;
        let posted = outbox.post(&mut transaction, farewell).await?;
        sqlx::query(
            "update erasures set done_at = $2, account_id = null, email = null, profile_ids = '{}' where id = $1",
        )
        .bind(receipt.erasure.to_string())
        .bind(own.erased_at)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok((Taken::Last, posted))
    }

    /// Asks the services once more whose answers have not come since `before`; how many requests that were.
    pub async fn ask_again(
        &self,
        outbox: &Outbox,
        before: OffsetDateTime,
        world: &World,
    ) -> Result<(usize, Posted), sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        let rows = sqlx::query(
            "update erasures set asked_at = $2, asked = asked + 1 where id in (select id from erasures \
             where done_at is null and asked_at <= $1 order by asked_at limit $3 for update skip locked) \
             returning id, account_id, profile_ids, requested_at, asked",
        )
        .bind(before)
        .bind(world.now())
        .bind(ROUND)
        .fetch_all(&mut *transaction)
        .await?;
        let open: Vec<Open> = rows.iter().map(Open::read).collect::<Result<_, _>>()?;
        let letters: Vec<Letter> = open.iter().map(|open| open.letter(world)).collect();
        let posted = outbox.post(&mut transaction, letters).await?;
        transaction.commit().await?;
        Ok((open.len(), posted))
    }
}

/// Of two answers of a service the one with more records counts: a repetition finds less than there was.
async fn keep(connection: &mut PgConnection, id: ErasureId, erased: &Erased) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into erasure_receipts (erasure_id, service, records, erased_at) values ($1, $2, $3, $4) \
         on conflict (erasure_id, service) do update set records = greatest(erasure_receipts.records, excluded.records), \
         erased_at = least(erasure_receipts.erased_at, excluded.erased_at)",
    )
    .bind(id.to_string())
    .bind(&erased.service)
    .bind(erased.records)
    .bind(erased.erased_at)
    .execute(connection)
    .await
    .map(drop)
}

async fn receipts(connection: &mut PgConnection, id: ErasureId) -> Result<Vec<Erased>, sqlx::Error> {
    let rows = sqlx::query_as::<_, (String, i64, OffsetDateTime)>(
        "select service, records, erased_at from erasure_receipts where erasure_id = $1 order by service",
    )
    .bind(id.to_string())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(service, records, erased_at)| Erased { service, records, erased_at }).collect())
}

/// Removes everything that auth holds of an account.
async fn erase(connection: &mut PgConnection, account: AccountId) -> Result<i64, sqlx::Error> {
    let mut records = 0;
    for statement in RECORDS {
        records += sqlx::query(*statement).bind(account.to_string()).execute(&mut *connection).await?.rows_affected();
    }
    Ok(i64::try_from(records).unwrap_or(i64::MAX))
}

/// The last letter to the address, which lives in the outbox until it is sent and nowhere else.
fn farewell(open: &PgRow, receipts: &[Erased], world: &World) -> Result<Option<Letter>, sqlx::Error> {
    if open.try_get::<Option<&str>, _>("email")?.is_none() {
        return Ok(None);
    }
    let (to, locale): (Email, _) = (parsed(open, "email")?, parsed(open, "locale")?);
    Ok(Some(letter(world, "account_erased", &to, &locale, json!({ "receipts": lines(receipts) }))))
}
