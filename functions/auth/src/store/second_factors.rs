//! Authenticators, recovery codes, and sign-ins that wait for one of them.

use kernel::AccountId;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use time::{Duration, OffsetDateTime};

use super::parsed;
use crate::{transport::Transport, tries::MAX_TRIES};

/// How long a sign-in waits for its code.
pub const PATIENCE: Duration = Duration::minutes(5);

/// Second factors of all accounts.
#[derive(Clone)]
pub struct SecondFactors(PgPool);

/// An authenticator that waits for its confirmation.
pub struct Enrolment {
    /// Sealed; see [`crate::totp::TotpSecret::seal`].
    pub secret: Vec<u8>,
    /// When it began.
    pub enrolled_at: OffsetDateTime,
    /// Whether it has ended well.
    pub is_confirmed: bool,
}

/// A sign-in whose first factor was right.
pub struct Waiting {
    /// Whose.
    pub account: AccountId,
    /// How the first factor was proven (RFC 8176).
    pub methods: Vec<String>,
    /// Where the refresh token goes.
    pub transport: Transport,
    /// As the client calls its device.
    pub device_name: Option<String>,
}

impl SecondFactors {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Keeps a secret to be confirmed, in place of one that was not; `false`: one is in use.
    pub async fn enrol(&self, account: AccountId, sealed: &[u8], now: OffsetDateTime) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "insert into totp (account_id, secret, enrolled_at) values ($1, $2, $3) on conflict (account_id) do update \
             set secret = excluded.secret, enrolled_at = excluded.enrolled_at where totp.confirmed_at is null",
        )
        .bind(account.to_string())
        .bind(sealed)
        .bind(now)
        .execute(&self.0)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The newest enrolment.
    pub async fn enrolment(&self, account: AccountId) -> Result<Option<Enrolment>, sqlx::Error> {
        let row = sqlx::query(
            "select secret, enrolled_at, confirmed_at is not null as is_confirmed from totp where account_id = $1",
        )
        .bind(account.to_string())
        .fetch_optional(&self.0)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Enrolment {
            secret: row.try_get("secret")?,
            enrolled_at: row.try_get("enrolled_at")?,
            is_confirmed: row.try_get("is_confirmed")?,
        }))
    }

    /// Takes an authenticator into use with its first step and fresh recovery codes; `false`: it is no longer the one that was looked at.
    pub async fn confirm(
        &self,
        transaction: &mut PgConnection,
        (account, enrolment, step): (AccountId, &Enrolment, i64),
        digests: &[Vec<u8>],
        now: OffsetDateTime,
    ) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "update totp set confirmed_at = $3, last_step = $4 where account_id = $1 and secret = $2 and confirmed_at is null",
        )
        .bind(account.to_string())
        .bind(&enrolment.secret)
        .bind(now)
        .bind(step)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("delete from recovery_codes where account_id = $1")
            .bind(account.to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("insert into recovery_codes (account_id, digest) select $1, unnest($2::bytea[])")
            .bind(account.to_string())
            .bind(digests)
            .execute(transaction)
            .await?;
        Ok(true)
    }

    /// The sealed secret of an authenticator in use.
    pub async fn secret(&self, account: AccountId) -> Result<Option<Vec<u8>>, sqlx::Error> {
        sqlx::query_scalar("select secret from totp where account_id = $1 and confirmed_at is not null")
            .bind(account.to_string())
            .fetch_optional(&self.0)
            .await
    }

    /// Uses up a step and all before it; `false`: it was used.
    pub async fn use_step(
        &self,
        transaction: &mut PgConnection,
        account: AccountId,
        step: i64,
    ) -> Result<bool, sqlx::Error> {
        let used =
            "update totp set last_step = $2 where account_id = $1 and confirmed_at is not null and last_step < $2";
        let done = sqlx::query(used).bind(account.to_string()).bind(step).execute(transaction).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Uses up a recovery code; `false`: there is none, or it was used.
    pub async fn use_recovery(
        &self,
        transaction: &mut PgConnection,
        account: AccountId,
        digest: &[u8],
        now: OffsetDateTime,
    ) -> Result<bool, sqlx::Error> {
        let used = "update recovery_codes set used_at = $3 where account_id = $1 and digest = $2 and used_at is null";
        let done = sqlx::query(used).bind(account.to_string()).bind(digest).bind(now).execute(transaction).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes the authenticator and its recovery codes away; `false`: none was in use.
    pub async fn remove(&self, transaction: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
        for table in
            ["delete from recovery_codes where account_id = $1", "delete from mfa_tokens where account_id = $1"]
        {
            sqlx::query(table).bind(account.to_string()).execute(&mut *transaction).await?;
        }
        let was_confirmed: Option<bool> =
            sqlx::query_scalar("delete from totp where account_id = $1 returning confirmed_at is not null")
                .bind(account.to_string())
                .fetch_optional(transaction)
                .await?;
        Ok(was_confirmed == Some(true))
    }

    /// Keeps a sign-in until its code comes.
    pub async fn wait(&self, digest: &[u8], waiting: &Waiting, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into mfa_tokens (digest, account_id, amr, transport, device_name, expires_at) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(digest)
        .bind(waiting.account.to_string())
        .bind(&waiting.methods)
        .bind(waiting.transport.as_str())
        .bind(&waiting.device_name)
        .bind(now + PATIENCE)
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// The sign-in that waits behind a token.
    pub async fn waiting(&self, digest: &[u8], now: OffsetDateTime) -> Result<Option<Waiting>, sqlx::Error> {
        let row = sqlx::query(
            "select account_id, amr, transport, device_name from mfa_tokens where digest = $1 and expires_at > $2 and tries < $3",
        )
        .bind(digest)
        .bind(now)
        .bind(MAX_TRIES)
        .fetch_optional(&self.0)
        .await?;
        row.as_ref().map(waiting).transpose()
    }

    /// A try in vain; the fifth ends the token.
    pub async fn failed(&self, connection: &mut PgConnection, digest: &[u8]) -> Result<(), sqlx::Error> {
        let counted = "update mfa_tokens set tries = tries + 1 where digest = $1";
        sqlx::query(counted).bind(digest).execute(connection).await?;
        Ok(())
    }

    /// Uses up a token; `false`: somebody was faster.
    pub async fn enter(&self, transaction: &mut PgConnection, digest: &[u8]) -> Result<bool, sqlx::Error> {
        let done = sqlx::query("delete from mfa_tokens where digest = $1").bind(digest).execute(transaction).await?;
        Ok(done.rows_affected() == 1)
    }
}

fn waiting(row: &PgRow) -> Result<Waiting, sqlx::Error> {
    let transport: &str = row.try_get("transport")?;
    Ok(Waiting {
        account: parsed(row, "account_id")?,
        methods: row.try_get("amr")?,
        transport: if transport == Transport::Cookie.as_str() { Transport::Cookie } else { Transport::Body },
        device_name: row.try_get("device_name")?,
    })
}
