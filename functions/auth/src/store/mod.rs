//! The service's schema.

mod accounts;
mod addresses;
mod copies;
mod counters;
mod erasures;
mod links;
mod passwords;
mod profiles;
mod purge;
mod second_factors;
mod security_log;
mod sessions;
mod staff;

use std::str::FromStr;

pub use accounts::{Accounts, Candidate, Registration};
pub use addresses::{Addresses, Confirmation, NewAddress};
use cinema_http::Problem;
pub use copies::Copies;
pub use counters::Counters;
pub use erasures::{Erasures, Taken};
use kernel::{AccountId, Locale};
pub use links::{Arrival, Links, Unlinked};
pub use passwords::{Change, Passwords, Reset};
pub use profiles::Profiles;
pub use purge::{LEFTOVERS, Purge};
pub use second_factors::{Enrolment, PATIENCE, SecondFactors, Waiting};
pub use security_log::{Familiar, SecurityLog};
pub use sessions::{Device, Listed, Login, Sessions, ended};
use sqlx::{Row, postgres::PgRow};
pub use staff::{FoundAccount, Granted, Revoked, Role, Staff};
use time::OffsetDateTime;

use crate::{code::Sent, profile::Profile};

/// Whom a token is made for.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// Its language, used while no profile is chosen.
    pub locale: Locale,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its default profile.
    pub default: Option<Profile>,
}

/// A hash to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewHash<'a> {
    /// PHC string.
    pub phc: &'a str,
    /// Whether the list of leaked passwords has yet to be asked.
    pub leak_unchecked: bool,
}

/// How the person proved who they are.
#[derive(Debug, Clone)]
pub struct Proof {
    /// When.
    pub at: OffsetDateTime,
    /// By what (RFC 8176).
    pub methods: Vec<String>,
}

impl Person {
    /// 403 unless the account has the role, or is an administrator's. A token may say so for minutes after it was taken away.
    pub fn require_role(&self, role: &str) -> Result<(), Problem> {
        if self.roles.iter().any(|held| held == role || held == "admin") {
            return Ok(());
        }
        Err(Problem::forbidden("role_required", "Your account may not do this."))
    }

    /// From the columns `account_id, account_locale, roles, default_*`.
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            account: parsed(row, "account_id")?,
            locale: parsed(row, "account_locale")?,
            roles: row.try_get("roles")?,
            default: profile(row, "default")?,
        })
    }
}

/// From the columns `digest, expires_at, tries, used_at`.
fn sent_code(row: &PgRow) -> Result<Sent, sqlx::Error> {
    Ok(Sent {
        digest: row.try_get("digest")?,
        expires_at: row.try_get("expires_at")?,
        tries: row.try_get("tries")?,
        used_at: row.try_get("used_at")?,
    })
}

/// Text of our own that must parse.
fn parsed<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &PgRow,
    column: &str,
) -> Result<T, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}

/// From the columns `<prefix>_id, _locale, _max_rating, _needs_pin` of an outer join.
fn profile(row: &PgRow, prefix: &str) -> Result<Option<Profile>, sqlx::Error> {
    let column = |name: &str| format!("{prefix}_{name}");
    if row.try_get::<Option<&str>, _>(column("id").as_str())?.is_none() {
        return Ok(None);
    }
    let max_rating: i16 = row.try_get(column("max_rating").as_str())?;
    Ok(Some(Profile {
        id: parsed(row, &column("id"))?,
        locale: parsed(row, &column("locale"))?,
        max_rating: u8::try_from(max_rating).unwrap_or(0),
        needs_pin: row.try_get(column("needs_pin").as_str())?,
    }))
}
