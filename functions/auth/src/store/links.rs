//! Links with accounts of other providers.

use events::{Letter, Outbox, outbox::Posted};
use kernel::{AccountId, Locale, World};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::{SecurityLog, accounts::mark_verified};
use crate::{email::Email, security_event::SecurityEvent};

/// Links of all accounts.
#[derive(Clone)]
pub struct Links {
    pool: PgPool,
    log: SecurityLog,
}

/// A person at a provider.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The provider.
    pub provider: &'a str,
    /// Its id of the person.
    pub subject: &'a str,
}

/// What unlinking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinked {
    /// It is linked no longer.
    Done,
    /// It was not linked.
    Unknown,
    /// Nobody could sign in any more.
    IsLast,
}

impl Links {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self { log: SecurityLog::new(pool.clone()), pool }
    }

    /// Whom a person at a provider is linked with.
    pub async fn find(&self, arrival: Arrival<'_>) -> Result<Option<AccountId>, sqlx::Error> {
        let found: Option<String> =
            sqlx::query_scalar("select account_id from oauth_links where provider = $1 and subject = $2")
                .bind(arrival.provider)
                .bind(arrival.subject)
                .fetch_optional(&self.pool)
                .await?;
        found.as_deref().map(account).transpose()
    }

    /// The account of an address, and whether it has proven it.
    pub async fn holder(&self, email: &Email) -> Result<Option<(AccountId, bool)>, sqlx::Error> {
        let found: Option<(String, bool)> =
            sqlx::query_as("select id, verified_at is not null from accounts where email = $1")
                .bind(email.as_str())
                .fetch_optional(&self.pool)
                .await?;
        found.map(|(id, is_verified)| Ok((account(&id)?, is_verified))).transpose()
    }

    /// Links an account and tells its owner; `None`: it has a link with the provider, or somebody was faster.
    pub async fn link(
        &self,
        outbox: &Outbox,
        arrival: Arrival<'_>,
        account: AccountId,
        (event, letter): (&SecurityEvent, Letter),
    ) -> Result<Option<Posted>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        if !insert(&mut transaction, arrival, account, event.at).await? {
            return Ok(None);
        }
        self.log.record(&mut transaction, event).await?;
        let posted = outbox.post(&mut transaction, [letter]).await?;
        transaction.commit().await?;
        Ok(Some(posted))
    }

    /// Makes a verified account without a password, linked; `None`: somebody was faster.
    pub async fn create(
        &self,
        outbox: &Outbox,
        arrival: Arrival<'_>,
        (email, locale): (&Email, &Locale),
        event: impl FnOnce(AccountId) -> SecurityEvent,
        world: &World,
    ) -> Result<Option<(AccountId, Posted)>, sqlx::Error> {
        let (account, now) = (world.id::<AccountId>(), world.now());
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query(
            "insert into accounts (id, email, locale, created_at) values ($1, $2, $3, $4) on conflict (email) do nothing",
        )
        .bind(account.to_string())
        .bind(email.as_str())
        .bind(locale.as_str())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 || !insert(&mut transaction, arrival, account, now).await? {
            return Ok(None);
        }
        // The first administrator proves the address here, not at a provider.
        let verified = mark_verified(&mut transaction, email, false, world).await?;
        self.log.record(&mut transaction, &event(account)).await?;
        let posted = outbox.post(&mut transaction, verified.iter().map(Letter::event)).await?;
        transaction.commit().await?;
        Ok(Some((account, posted)))
    }

    /// Removes a link unless it is the last way to sign in.
    pub async fn unlink(
        &self,
        account: AccountId,
        provider: &str,
        event: &SecurityEvent,
    ) -> Result<Unlinked, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        // Two links that are removed at the same time must not each count on the other.
        sqlx::query("select 1 from accounts where id = $1 for update")
            .bind(account.to_string())
            .execute(&mut *transaction)
            .await?;
        let done = sqlx::query("delete from oauth_links where account_id = $1 and provider = $2")
            .bind(account.to_string())
            .bind(provider)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(Unlinked::Unknown);
        }
        let has_another: bool = sqlx::query_scalar(
            "select exists(select 1 from credentials where account_id = $1) or exists(select 1 from oauth_links where account_id = $1)",
        )
        .bind(account.to_string())
        .fetch_one(&mut *transaction)
        .await?;
        if !has_another {
            return Ok(Unlinked::IsLast);
        }
        self.log.record(&mut transaction, event).await?;
        transaction.commit().await?;
        Ok(Unlinked::Done)
    }
}

async fn insert(
    transaction: &mut PgConnection,
    arrival: Arrival<'_>,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into oauth_links (provider, subject, account_id, linked_at) values ($1, $2, $3, $4) on conflict do nothing",
    )
    .bind(arrival.provider)
    .bind(arrival.subject)
    .bind(account.to_string())
    .bind(now)
    .execute(transaction)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn account(text: &str) -> Result<AccountId, sqlx::Error> {
    text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
