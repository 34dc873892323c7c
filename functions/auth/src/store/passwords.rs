//! Passwords, and the codes that replace them.

use events::{Letter, Outbox, outbox::Posted};
use kernel::{AccountId, Locale, SessionId};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::{NewHash, SecurityLog, parsed, sent_code};
use crate::{
    code::{self, Verdict},
    email::Email,
    security_event::SecurityEvent,
};

/// Passwords of all accounts.
#[derive(Clone)]
pub struct Passwords {
    pool: PgPool,
    log: SecurityLog,
}

/// A code that is tried, and the password that it is tried for.
pub struct Reset<'a> {
    /// Whose.
    pub email: &'a Email,
    /// See [`code::Code::digest_for`].
    pub digest: &'a [u8],
    /// Of the new password.
    pub hash: NewHash<'a>,
}

/// A new password in place of a known one.
pub struct Change<'a> {
    /// Whose.
    pub account: AccountId,
    /// The session that stays.
    pub session: SessionId,
    /// The hash that was looked at.
    pub old: &'a str,
    /// Of the new password.
    pub hash: NewHash<'a>,
    /// To the owner.
    pub letter: Letter,
}

impl Passwords {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self { log: SecurityLog::new(pool.clone()), pool }
    }

    /// Makes a code the live one of an address; one without a verified account gets a digest that no code has. The same statements run in
    /// each case. `letter` writes the mail in the account's language, or for nobody.
    pub async fn forgot(
        &self,
        outbox: &Outbox,
        email: &Email,
        (of_code, of_none): (Vec<u8>, Vec<u8>),
        letter: impl FnOnce(Option<Locale>) -> Letter,
        now: OffsetDateTime,
    ) -> Result<Posted, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query("select locale from accounts where email = $1 and verified_at is not null")
            .bind(email.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
        let locale: Option<Locale> = row.as_ref().map(|row| parsed(row, "locale")).transpose()?;
        sqlx::query(
            "insert into reset_codes (email, digest, expires_at) values ($1, $2, $3) on conflict (email) do update \
             set digest = excluded.digest, expires_at = excluded.expires_at, tries = 0, used_at = null",
        )
        .bind(email.as_str())
        .bind(if locale.is_some() { of_code } else { of_none })
        .bind(now + code::LIFETIME)
        .execute(&mut *transaction)
        .await?;
        let posted = outbox.post(&mut transaction, [letter(locale)]).await?;
        transaction.commit().await?;
        Ok(posted)
    }

    /// Counts a try of a code and, when it is right, sets the password and ends every session. What is to be logged and mailed comes from
    /// `tell`.
    pub async fn reset(
        &self,
        outbox: &Outbox,
        reset: Reset<'_>,
        tell: impl FnOnce(AccountId, &Locale) -> (SecurityEvent, Letter),
        now: OffsetDateTime,
    ) -> Result<(Verdict, Posted), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let sent = sqlx::query(
            "update reset_codes set tries = tries + 1 where email = $1 returning digest, expires_at, tries, used_at",
        )
        .bind(reset.email.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
        let holder = sqlx::query("select id, locale from accounts where email = $1 and verified_at is not null")
            .bind(reset.email.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
        let verdict = match &sent {
            Some(row) => sent_code(row)?.judge(reset.digest, now),
            None => Verdict::Wrong,
        };
        let mut posted = Posted::default();
        let mut outcome = verdict;
        match (verdict, holder) {
            (Verdict::Right, Some(row)) => {
                let (account, locale) = (parsed(&row, "id")?, parsed(&row, "locale")?);
                replace(&mut transaction, account, &reset, now).await?;
                end_sessions(&mut transaction, account, (None, "password_reset"), now).await?;
                let (event, letter) = tell(account, &locale);
                self.log.record(&mut transaction, &event).await?;
                posted = outbox.post(&mut transaction, [letter]).await?;
            }
            (Verdict::Right, None) => outcome = Verdict::Wrong,
            _ => {}
        }
        // A wrong try has to be remembered as well.
        transaction.commit().await?;
        Ok((outcome, posted))
    }

    /// Replaces a password and ends every other session; `None`: it was changed in the meantime.
    pub async fn change(
        &self,
        outbox: &Outbox,
        change: Change<'_>,
        event: &SecurityEvent,
        now: OffsetDateTime,
    ) -> Result<Option<Posted>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query(
            "update credentials set password_hash = $3, changed_at = $4, leak_unchecked = $5 where account_id = $1 and password_hash = $2",
        )
        .bind(change.account.to_string())
        .bind(change.old)
        .bind(change.hash.phc)
        .bind(now)
        .bind(change.hash.leak_unchecked)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        end_sessions(&mut transaction, change.account, (Some(change.session), "password_changed"), now).await?;
        self.log.record(&mut transaction, event).await?;
        let posted = outbox.post(&mut transaction, [change.letter]).await?;
        transaction.commit().await?;
        Ok(Some(posted))
    }
}

/// Uses the code up and stores the new hash.
async fn replace(
    transaction: &mut PgConnection,
    account: AccountId,
    reset: &Reset<'_>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("update reset_codes set used_at = $2 where email = $1")
        .bind(reset.email.as_str())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "insert into credentials (account_id, password_hash, changed_at, leak_unchecked) values ($1, $2, $3, $4) \
         on conflict (account_id) do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at, \
         leak_unchecked = excluded.leak_unchecked",
    )
    .bind(account.to_string())
    .bind(reset.hash.phc)
    .bind(now)
    .bind(reset.hash.leak_unchecked)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Ends all sessions but one, and whatever else somebody who knew the old password has begun: sign-ins that wait for a code, a change of the
/// address.
async fn end_sessions(
    transaction: &mut PgConnection,
    account: AccountId,
    (kept, reason): (Option<SessionId>, &str),
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update sessions set revoked_at = $2, revoke_reason = $3 where account_id = $1 and revoked_at is null and id is distinct from $4",
    )
    .bind(account.to_string())
    .bind(now)
    .bind(reason)
    .bind(kept.map(|id| id.to_string()))
    .execute(&mut *transaction)
    .await?;
    for started in ["delete from mfa_tokens where account_id = $1", "delete from email_changes where account_id = $1"] {
        sqlx::query(started).bind(account.to_string()).execute(&mut *transaction).await?;
    }
    Ok(())
}
