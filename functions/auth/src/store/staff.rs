//! What staff look up and change: accounts and their roles.

use kernel::AccountId;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Row};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{SecurityLog, parsed};
use crate::{email::Email, security_event::SecurityEvent};

/// What somebody may do beyond their own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// The catalogue.
    Editor,
    /// Accounts and payments.
    Support,
}

impl Role {
    /// As it is stored and stands in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Support => "support",
        }
    }
}

/// An account as support sees it.
#[derive(Serialize, ToSchema)]
pub struct FoundAccount {
    /// Its id.
    pub account_id: AccountId,
    /// Its address.
    pub email: String,
    /// Language of its mails.
    #[schema(example = "en")]
    pub locale: String,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its address was first proven; absent before.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<OffsetDateTime>,
    /// Its roles.
    pub roles: Vec<String>,
    /// Whether signing in takes a code of an authenticator.
    pub has_second_factor: bool,
    /// How many sessions have not been ended.
    pub sessions: i64,
}

/// What granting a role came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// The account has it, now or before.
    Done,
    /// There is no such account.
    NoAccount,
    /// Nobody has proven to read its mails.
    Unverified,
}

/// What revoking a role came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// The account does not have it, now or before.
    Done,
    /// There is no such account.
    NoAccount,
    /// Nobody could grant roles any more.
    LastAdmin,
}

/// Accounts and roles.
#[derive(Clone)]
pub struct Staff {
    pool: PgPool,
    log: SecurityLog,
}

impl Staff {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self { log: SecurityLog::new(pool.clone()), pool }
    }

    /// The account of an address.
    pub async fn find(&self, email: &Email) -> Result<Option<FoundAccount>, sqlx::Error> {
        let row = sqlx::query(
            "select a.id, a.email, a.locale, a.created_at, a.verified_at, \
             array(select r.role from roles r where r.account_id = a.id order by r.role) as roles, \
             exists(select 1 from totp t where t.account_id = a.id and t.confirmed_at is not null) as has_second_factor, \
             (select count(*) from sessions s where s.account_id = a.id and s.revoked_at is null) as sessions \
             from accounts a where a.email = $1",
        )
        .bind(email.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(FoundAccount {
            account_id: parsed(&row, "id")?,
            email: row.try_get("email")?,
            locale: row.try_get("locale")?,
            created_at: row.try_get("created_at")?,
            verified_at: row.try_get("verified_at")?,
            roles: row.try_get("roles")?,
            has_second_factor: row.try_get("has_second_factor")?,
            sessions: row.try_get("sessions")?,
        }))
    }

    /// Gives a role and says so in the log of the account, once.
    pub async fn grant(&self, account: AccountId, role: Role, event: &SecurityEvent) -> Result<Granted, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let is_verified: Option<bool> =
            sqlx::query_scalar("select verified_at is not null from accounts where id = $1 for key share")
                .bind(account.to_string())
                .fetch_optional(&mut *transaction)
                .await?;
        match is_verified {
            None => return Ok(Granted::NoAccount),
            Some(false) => return Ok(Granted::Unverified),
            Some(true) => {}
        }
        let done =
            sqlx::query("insert into roles (account_id, role, granted_at) values ($1, $2, $3) on conflict do nothing")
                .bind(account.to_string())
                .bind(role.as_str())
                .bind(event.at)
                .execute(&mut *transaction)
                .await?;
        if done.rows_affected() == 1 {
            self.log.record(&mut transaction, event).await?;
        }
        transaction.commit().await?;
        Ok(Granted::Done)
    }

    /// Takes a role away and says so in the log of the account, once; the last administrator keeps theirs.
    pub async fn revoke(&self, account: AccountId, role: Role, event: &SecurityEvent) -> Result<Revoked, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let exists: bool = sqlx::query_scalar("select exists(select 1 from accounts where id = $1)")
            .bind(account.to_string())
            .fetch_one(&mut *transaction)
            .await?;
        if !exists {
            return Ok(Revoked::NoAccount);
        }
        if role == Role::Admin && !others_administrate(&mut transaction, account).await? {
            return Ok(Revoked::LastAdmin);
        }
        let done = sqlx::query("delete from roles where account_id = $1 and role = $2")
            .bind(account.to_string())
            .bind(role.as_str())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 1 {
            self.log.record(&mut transaction, event).await?;
        }
        transaction.commit().await?;
        Ok(Revoked::Done)
    }
}

/// Locks every administrator's row, in one order: of two who remove each other at the same time the second sees what the first has done.
/// An account that is no administrator can lose nothing.
async fn others_administrate(transaction: &mut PgConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    let admins: Vec<String> =
        sqlx::query_scalar("select account_id from roles where role = 'admin' order by account_id for update")
            .fetch_all(transaction)
            .await?;
    let account = account.to_string();
    Ok(!admins.contains(&account) || admins.len() > 1)
}
