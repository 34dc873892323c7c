//! Accounts, credentials, codes and roles.

use events::{Event, Letter, Outbox, outbox::Posted};
use kernel::{AccountId, Locale, ProfileId, World};
use sqlx::{PgConnection, PgPool, Row};
use time::OffsetDateTime;

use super::{NewHash, Person, parsed, sent_code};
use crate::{
    code::{self, Verdict},
    email::Email,
};

/// Accounts and how they are proven.
#[derive(Clone)]
pub struct Accounts(PgPool);

/// What registering writes.
pub struct Registration<'a> {
    /// The address.
    pub email: &'a Email,
    /// Of the password.
    pub hash: NewHash<'a>,
    /// Language of the mails.
    pub locale: &'a Locale,
    /// See [`code::Code::digest`].
    pub code_digest: Vec<u8>,
    /// A digest that no code has.
    pub no_digest: Vec<u8>,
    /// The mail for a new or unverified address, and the one for a verified address.
    pub letters: (Letter, Letter),
}

/// Who tries to sign in.
pub struct Candidate {
    /// Whom a token would be for.
    pub person: Person,
    /// PHC string.
    pub password_hash: String,
    /// Whether the address was proven.
    pub is_verified: bool,
    /// Whether the list of leaked passwords has yet to be asked.
    pub leak_unchecked: bool,
    /// Whether an authenticator is in use.
    pub has_second_factor: bool,
}

impl Accounts {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Makes the account or renews its code; a verified one stays as it is. The same statements run in each case: the answer's time must
    /// not tell which it was.
    pub async fn register(&self, outbox: &Outbox, new: Registration<'_>, world: &World) -> Result<Posted, sqlx::Error> {
        let now = world.now();
        let mut transaction = self.0.begin().await?;
        let account = sqlx::query(
            "insert into accounts (id, email, locale, created_at) values ($1, $2, $3, $4) \
             on conflict (email) do update set locale = case when accounts.verified_at is null then excluded.locale else accounts.locale end \
             returning id, verified_at is not null as is_verified",
        )
        .bind(world.id::<AccountId>().to_string())
        .bind(new.email.as_str())
        .bind(new.locale.as_str())
        .bind(now)
        .fetch_one(&mut *transaction)
        .await?;
        let is_verified: bool = account.try_get("is_verified")?;
        // A verified account without a password must not get one in this way either.
        sqlx::query(
            "insert into credentials (account_id, password_hash, changed_at, leak_unchecked) select $1, $2, $3, $4 where not $5 \
             on conflict (account_id) do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at, \
             leak_unchecked = excluded.leak_unchecked",
        )
        .bind(account.try_get::<&str, _>("id")?)
        .bind(new.hash.phc)
        .bind(now)
        .bind(new.hash.leak_unchecked)
        .bind(is_verified)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "insert into codes (email, digest, expires_at) values ($1, $2, $3) on conflict (email) do update \
             set digest = excluded.digest, expires_at = excluded.expires_at, tries = 0, used_at = null",
        )
        .bind(new.email.as_str())
        .bind(if is_verified { new.no_digest } else { new.code_digest })
        .bind(now + code::LIFETIME)
        .execute(&mut *transaction)
        .await?;
        let (unverified, verified) = new.letters;
        let posted = outbox.post(&mut transaction, [if is_verified { verified } else { unverified }]).await?;
        transaction.commit().await?;
        Ok(posted)
    }

    /// Counts a try of a code and, when it is right, verifies the account: default profile, first administrator, event.
    pub async fn verify(
        &self,
        outbox: &Outbox,
        (email, digest): (&Email, &[u8]),
        is_first_admin: bool,
        world: &World,
    ) -> Result<(Verdict, Posted), sqlx::Error> {
        let now = world.now();
        let mut transaction = self.0.begin().await?;
        // The same order of locks as in `register`.
        sqlx::query("select 1 from accounts where email = $1 for update")
            .bind(email.as_str())
            .execute(&mut *transaction)
            .await?;
        let sent = sqlx::query(
            "update codes set tries = tries + 1 where email = $1 returning digest, expires_at, tries, used_at",
        )
        .bind(email.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
        let mut posted = Posted::default();
        let mut verdict = Verdict::Wrong;
        if let Some(row) = sent {
            verdict = sent_code(&row)?.judge(digest, now);
        }
        if verdict == Verdict::Right {
            sqlx::query("update codes set used_at = $2 where email = $1")
                .bind(email.as_str())
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            if let Some(event) = mark_verified(&mut transaction, email, is_first_admin, world).await? {
                posted = outbox.post(&mut transaction, [Letter::event(&event)]).await?;
            }
        }
        // A wrong try has to be remembered as well.
        transaction.commit().await?;
        Ok((verdict, posted))
    }

    /// The account of an address with all that a token needs.
    pub async fn candidate(&self, email: &Email) -> Result<Option<Candidate>, sqlx::Error> {
        let row = sqlx::query(
            "select a.id as account_id, a.locale as account_locale, a.verified_at is not null as is_verified, c.password_hash, c.leak_unchecked, \
             exists(select 1 from totp t where t.account_id = a.id and t.confirmed_at is not null) as has_second_factor, \
             array(select r.role from roles r where r.account_id = a.id order by r.role) as roles, d.id as default_id, \
             d.locale as default_locale, d.max_rating as default_max_rating, d.needs_pin as default_needs_pin \
             from accounts a join credentials c on c.account_id = a.id left join lateral \
             (select * from live_profiles where account_id = a.id and is_default order by sequence desc, id limit 1) d on true \
             where a.email = $1",
        )
        .bind(email.as_str())
        .fetch_optional(&self.0)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Candidate {
            person: Person::read(&row)?,
            password_hash: row.try_get("password_hash")?,
            is_verified: row.try_get("is_verified")?,
            leak_unchecked: row.try_get("leak_unchecked")?,
            has_second_factor: row.try_get("has_second_factor")?,
        }))
    }

    /// An account with all that a token needs.
    pub async fn person(&self, account: AccountId) -> Result<Option<Person>, sqlx::Error> {
        let row = sqlx::query(
            "select a.id as account_id, a.locale as account_locale, \
             array(select r.role from roles r where r.account_id = a.id order by r.role) as roles, d.id as default_id, \
             d.locale as default_locale, d.max_rating as default_max_rating, d.needs_pin as default_needs_pin \
             from accounts a left join lateral \
             (select * from live_profiles where account_id = a.id and is_default order by sequence desc, id limit 1) d on true \
             where a.id = $1",
        )
        .bind(account.to_string())
        .fetch_optional(&self.0)
        .await?;
        row.as_ref().map(Person::read).transpose()
    }

    /// Address and language of an account, for mails.
    pub async fn contact(&self, account: AccountId) -> Result<(Email, Locale), sqlx::Error> {
        let row = sqlx::query("select email, locale from accounts where id = $1")
            .bind(account.to_string())
            .fetch_one(&self.0)
            .await?;
        Ok((parsed(&row, "email")?, parsed(&row, "locale")?))
    }

    /// The hash of an account's password; an account of another provider has none.
    pub async fn password_hash(&self, account: AccountId) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("select password_hash from credentials where account_id = $1")
            .bind(account.to_string())
            .fetch_optional(&self.0)
            .await
    }

    /// The password is on no list of leaked ones, unless it was changed in the meantime.
    pub async fn mark_checked(&self, account: AccountId, hash: &str) -> Result<(), sqlx::Error> {
        sqlx::query("update credentials set leak_unchecked = false where account_id = $1 and password_hash = $2")
            .bind(account.to_string())
            .bind(hash)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// Replaces an outdated hash, unless the password was changed in the meantime.
    pub async fn rehash(&self, account: AccountId, (old, new): (&str, &str)) -> Result<(), sqlx::Error> {
        sqlx::query("update credentials set password_hash = $3 where account_id = $1 and password_hash = $2")
            .bind(account.to_string())
            .bind(old)
            .bind(new)
            .execute(&self.0)
            .await?;
        Ok(())
    }
}

/// `None` when the account was verified before.
pub(super) async fn mark_verified(
    transaction: &mut PgConnection,
    email: &Email,
    is_first_admin: bool,
    world: &World,
) -> Result<Option<Event>, sqlx::Error> {
    let (now, profile) = (world.now(), world.id::<ProfileId>());
    let row = sqlx::query(
        "update accounts set verified_at = $2, default_profile_id = $3, version = version + 1 \
         where email = $1 and verified_at is null returning id, locale, version",
    )
    .bind(email.as_str())
    .bind(now)
    .bind(profile.to_string())
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (account, locale): (AccountId, Locale) = (parsed(&row, "id")?, parsed(&row, "locale")?);
    // Signing in works before the user service has made the profile; its first event has a higher sequence.
    sqlx::query("insert into profiles (id, account_id, sequence, locale, is_default) values ($1, $2, 0, $3, true)")
        .bind(profile.to_string())
        .bind(account.to_string())
        .bind(locale.as_str())
        .execute(&mut *transaction)
        .await?;
    if is_first_admin {
        sqlx::query("insert into roles (account_id, role, granted_at) values ($1, 'admin', $2) on conflict do nothing")
            .bind(account.to_string())
            .bind(now)
            .execute(transaction)
            .await?;
    }
    let state = proto::auth::AccountVerified {
        account_id: account.to_string(),
        email: email.as_str().to_owned(),
        locale: locale.to_string(),
        default_profile_id: profile.to_string(),
        verified_at: rfc3339(now),
    };
    Ok(Some(Event::new(world, proto::types::ACCOUNT_VERIFIED, account, row.try_get("version")?, &state)))
}

pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
