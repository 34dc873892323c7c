//! Whom a token is made for.

use kernel::{AccountId, Locale, ProfileId};
use sqlx::{Row, postgres::PgRow};

use crate::{profile::Profile, role::Role};

/// An account with all that a token says of it.
#[derive(Debug, Clone)]
pub struct Person {
    pub account: AccountId,
    /// Used while no profile is chosen.
    pub locale: Locale,
    pub roles: Vec<String>,
    pub default: Option<Profile>,
}

/// The account does not have the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleMissing;

/// What [`Person::read`] reads of `accounts a` and [`default_profile`].
macro_rules! person_columns {
    () => {
        "a.id, a.locale, array(select r.role from roles r where r.account_id = a.id order by r.role), \
         d.id, d.locale, d.max_rating, d.needs_pin"
    };
}

/// Joins the default profile of `accounts a`.
macro_rules! default_profile {
    () => {
        " left join lateral (select * from live_profiles where account_id = a.id and is_default \
         order by sequence desc, id limit 1) d on true "
    };
}

pub(crate) use {default_profile, person_columns};

impl Person {
    /// A token may claim a role for minutes after it was taken away.
    ///
    /// # Errors
    /// Unless the account has the role, or is an administrator's.
    pub fn require_role(&self, role: Role) -> Result<(), RoleMissing> {
        let counts = |held: &String| held == role.as_str() || held == Role::Admin.as_str();
        if self.roles.iter().any(counts) { Ok(()) } else { Err(RoleMissing) }
    }

    /// From seven columns, the first of which is at `first`.
    pub(crate) fn read(row: &PgRow, first: usize) -> Result<Self, sqlx::Error> {
        Ok(Self {
            account: row.try_get(first)?,
            locale: row.try_get(first + 1)?,
            roles: row.try_get(first + 2)?,
            default: profile(row, first + 3)?,
        })
    }
}

/// From the columns id, locale, max_rating and needs_pin of an outer join.
pub(crate) fn profile(row: &PgRow, first: usize) -> Result<Option<Profile>, sqlx::Error> {
    let Some(id) = row.try_get::<Option<ProfileId>, _>(first)? else { return Ok(None) };
    Ok(Some(Profile {
        id,
        locale: row.try_get(first + 1)?,
        max_rating: u8::try_from(row.try_get::<i16, _>(first + 2)?).unwrap_or(0),
        needs_pin: row.try_get(first + 3)?,
    }))
}
