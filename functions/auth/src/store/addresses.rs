//! New addresses of accounts.

use events::{Event, Letter, Outbox, outbox::Posted};
use kernel::{AccountId, Locale, World};
use sqlx::{PgConnection, PgPool, Row};
use time::OffsetDateTime;

use super::{SecurityLog, accounts::rfc3339, parsed, sent_code};
use crate::{
    code::{self, Verdict},
    email::Email,
    security_event::SecurityEvent,
};

/// Addresses of all accounts.
#[derive(Clone)]
pub struct Addresses {
    pool: PgPool,
    log: SecurityLog,
}

/// An address that an account wants to have.
pub struct NewAddress<'a> {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub email: &'a Email,
    /// Of the code that goes there.
    pub code_digest: Vec<u8>,
    /// A digest that no code has.
    pub no_digest: Vec<u8>,
    /// To the new address: with the code, and when it is taken.
    pub letters: (Letter, Letter),
    /// To the old address.
    pub notice: Letter,
}

/// What trying a code came to.
pub enum Confirmation {
    /// The account has the address.
    Changed(Posted),
    /// It had it before, by the same code.
    Repeated,
    /// The right code, but too late.
    Expired,
    /// Another code, a dead one, or none was sent.
    Wrong,
    /// Somebody else has proven the address meanwhile.
    Taken,
}

impl Addresses {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self { log: SecurityLog::new(pool.clone()), pool }
    }

    /// Makes a code the live one of an account. The same statements run whether or not the address is taken.
    pub async fn request(
        &self,
        outbox: &Outbox,
        new: NewAddress<'_>,
        now: OffsetDateTime,
    ) -> Result<Posted, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let is_taken: bool =
            sqlx::query_scalar("select exists(select 1 from accounts where email = $1 and verified_at is not null)")
                .bind(new.email.as_str())
                .fetch_one(&mut *transaction)
                .await?;
        sqlx::query(
            "insert into email_changes (account_id, email, digest, expires_at) values ($1, $2, $3, $4) on conflict (account_id) do update \
             set email = excluded.email, digest = excluded.digest, expires_at = excluded.expires_at, tries = 0, used_at = null",
        )
        .bind(new.account.to_string())
        .bind(new.email.as_str())
        .bind(if is_taken { new.no_digest } else { new.code_digest })
        .bind(now + code::LIFETIME)
        .execute(&mut *transaction)
        .await?;
        let (with_code, taken) = new.letters;
        let letters = [if is_taken { taken } else { with_code }, new.notice];
        let posted = outbox.post(&mut transaction, letters).await?;
        transaction.commit().await?;
        Ok(posted)
    }

    /// Counts a try of a code and, when it is right, gives the account its new address and tells every service. `letter` goes to the old one.
    pub async fn confirm(
        &self,
        outbox: &Outbox,
        (account, digest): (AccountId, &[u8]),
        event: &SecurityEvent,
        letter: impl FnOnce(&Email, &Locale) -> Letter,
        world: &World,
    ) -> Result<Confirmation, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let sent = sqlx::query(
            "update email_changes set tries = tries + 1 where account_id = $1 returning email, digest, expires_at, tries, used_at",
        )
        .bind(account.to_string())
        .fetch_optional(&mut *transaction)
        .await?;
        let verdict = match &sent {
            Some(row) => sent_code(row)?.judge(digest, world.now()),
            None => Verdict::Wrong,
        };
        let confirmation = match (verdict, &sent) {
            (Verdict::Right, Some(row)) => {
                let new: Email = parsed(row, "email")?;
                match take_over(&mut transaction, account, &new, world).await {
                    Ok((old, locale, state)) => {
                        self.log.record(&mut transaction, event).await?;
                        let letters = [Letter::event(&state), letter(&old, &locale)];
                        Confirmation::Changed(outbox.post(&mut transaction, letters).await?)
                    }
                    // Nothing of it has happened.
                    Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Confirmation::Taken),
                    Err(error) => return Err(error),
                }
            }
            (Verdict::Repeated, _) => Confirmation::Repeated,
            (Verdict::Expired, _) => Confirmation::Expired,
            _ => Confirmation::Wrong,
        };
        // A wrong try has to be remembered as well.
        transaction.commit().await?;
        Ok(confirmation)
    }
}

/// The old address, its language, and the account's new state.
async fn take_over(
    transaction: &mut PgConnection,
    account: AccountId,
    new: &Email,
    world: &World,
) -> Result<(Email, Locale, Event), sqlx::Error> {
    let now = world.now();
    // Nobody has ever proven it there: such an account is nobody's.
    sqlx::query("delete from accounts where email = $1 and verified_at is null")
        .bind(new.as_str())
        .execute(&mut *transaction)
        .await?;
    let row = sqlx::query(
        "update accounts set email = $2, verified_at = $3, version = accounts.version + 1 \
         from (select id, email from accounts where id = $1 for update) before where accounts.id = before.id \
         returning before.email as old, accounts.locale, accounts.version, accounts.default_profile_id",
    )
    .bind(account.to_string())
    .bind(new.as_str())
    .bind(now)
    .fetch_one(&mut *transaction)
    .await?;
    let (old, locale): (Email, Locale) = (parsed(&row, "old")?, parsed(&row, "locale")?);
    sqlx::query("update email_changes set used_at = $2 where account_id = $1")
        .bind(account.to_string())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    // Codes that lie in the old mailbox, or that were sent before anybody had the new one, are good for nothing any more.
    for codes in ["delete from reset_codes where email in ($1, $2)", "delete from codes where email in ($1, $2)"] {
        sqlx::query(codes).bind(old.as_str()).bind(new.as_str()).execute(&mut *transaction).await?;
    }
    let state = proto::auth::AccountVerified {
        account_id: account.to_string(),
        email: new.as_str().to_owned(),
        locale: locale.to_string(),
        default_profile_id: row.try_get::<Option<String>, _>("default_profile_id")?.unwrap_or_default(),
        verified_at: rfc3339(now),
    };
    let event = Event::new(world, proto::types::ACCOUNT_VERIFIED, account, row.try_get("version")?, &state);
    Ok((old, locale, event))
}
