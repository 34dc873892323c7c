//! Wrong tries, per account and by what is tried.

use std::borrow::Cow;

use kernel::AccountId;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::tries::Tries;

/// What is tried. The column is called `door`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tried {
    /// The present password, whatever for: nobody guesses at one operation after the other.
    Password,
    /// A code of the authenticator, or a recovery code.
    SecondFactor,
    /// The same on a device that has signed in before, by its id.
    SecondFactorOn(String),
}

impl Tried {
    fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Password => "password".into(),
            Self::SecondFactor => "second_factor".into(),
            Self::SecondFactorOn(device) => format!("second_factor {device}").into(),
        }
    }
}

/// Counts a try before it is looked at; `Err` inside: how long nothing will be looked at.
pub(crate) async fn count(
    connection: &mut PgConnection,
    account: AccountId,
    tried: &Tried,
    now: OffsetDateTime,
) -> Result<Result<(), Duration>, sqlx::Error> {
    sqlx::query("insert into tries (account_id, door, tries) values ($1, $2, 0) on conflict do nothing")
        .bind(account)
        .bind(tried.name())
        .execute(&mut *connection)
        .await?;
    let (tries, locked_until) =
        sqlx::query_as("select tries, locked_until from tries where account_id = $1 and door = $2 for update")
            .bind(account)
            .bind(tried.name())
            .fetch_one(&mut *connection)
            .await?;
    let counted = match (Tries { tries, locked_until }).count(now) {
        Ok(counted) => counted,
        Err(wait) => return Ok(Err(wait)),
    };
    sqlx::query("update tries set tries = $3, locked_until = $4 where account_id = $1 and door = $2")
        .bind(account)
        .bind(tried.name())
        .bind(counted.tries)
        .bind(counted.locked_until)
        .execute(connection)
        .await?;
    Ok(Ok(()))
}

/// The try was no guess.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    account: AccountId,
    tried: &Tried,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from tries where account_id = $1 and door = $2")
        .bind(account)
        .bind(tried.name())
        .execute(connection)
        .await
        .map(drop)
}
