//! The service's schema.

mod accounts;
mod profiles;
mod sessions;

use std::str::FromStr;

pub use accounts::{Accounts, Registration};
use kernel::{AccountId, Locale};
pub use profiles::Profiles;
pub use sessions::{Device, Login, Sessions};
use sqlx::{Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::profile::Profile;

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

/// How the person proved who they are.
#[derive(Debug, Clone)]
pub struct Proof {
    /// When.
    pub at: OffsetDateTime,
    /// By what (RFC 8176).
    pub methods: Vec<String>,
}

impl Person {
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
