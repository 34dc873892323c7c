//! Tries in vain, per account and door.

use kernel::AccountId;
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};

use crate::tries::Tries;

/// The tries of all accounts.
#[derive(Clone)]
pub struct Counters(PgPool);

impl Counters {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Counts a try before it is looked at; `Err` inside: how long the door is locked.
    pub async fn count(
        &self,
        account: AccountId,
        door: &str,
        now: OffsetDateTime,
    ) -> Result<Result<(), Duration>, sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        sqlx::query("insert into tries (account_id, door, tries) values ($1, $2, 0) on conflict do nothing")
            .bind(account.to_string())
            .bind(door)
            .execute(&mut *transaction)
            .await?;
        let (tries, locked_until) =
            sqlx::query_as("select tries, locked_until from tries where account_id = $1 and door = $2 for update")
                .bind(account.to_string())
                .bind(door)
                .fetch_one(&mut *transaction)
                .await?;
        let counted = match (Tries { tries, locked_until }).count(now) {
            Ok(counted) => counted,
            Err(wait) => return Ok(Err(wait)),
        };
        sqlx::query("update tries set tries = $3, locked_until = $4 where account_id = $1 and door = $2")
            .bind(account.to_string())
            .bind(door)
            .bind(counted.tries)
            .bind(counted.locked_until)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// The try was no guess.
    pub async fn forget(
        &self,
        connection: &mut PgConnection,
        account: AccountId,
        door: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("delete from tries where account_id = $1 and door = $2")
            .bind(account.to_string())
            .bind(door)
            .execute(connection)
            .await?;
        Ok(())
    }
}
