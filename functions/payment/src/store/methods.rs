//! Saved ways to pay.

use kernel::{AccountId, MethodId};
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::providers;

/// A saved way to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    pub id: MethodId,
    pub provider: String,
    pub token: String,
    pub brand: String,
    pub last4: Option<String>,
    /// Year and month.
    pub expires: Option<(i32, i16)>,
    pub is_default: bool,
}

const COLUMNS: &str = "select id, provider, token, brand, last4, expires_year, expires_month, is_default from methods ";

fn saved(row: &PgRow) -> Result<Saved, sqlx::Error> {
    let (year, month): (Option<i32>, Option<i16>) = (row.try_get(5)?, row.try_get(6)?);
    Ok(Saved {
        id: row.try_get(0)?,
        provider: row.try_get(1)?,
        token: row.try_get(2)?,
        brand: row.try_get(3)?,
        last4: row.try_get(4)?,
        expires: year.zip(month),
        is_default: row.try_get(7)?,
    })
}

/// Keeps a method that somebody has just paid with: it becomes the one that is charged.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    id: MethodId,
    account: AccountId,
    provider: &str,
    method: &providers::Method,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("update methods set is_default = false where account_id = $1 and is_default")
        .bind(account)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "insert into methods (id, account_id, provider, token, brand, last4, expires_year, expires_month, is_default, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, true, $9) on conflict (provider, token) do update \
         set is_default = methods.account_id = excluded.account_id, brand = excluded.brand, last4 = excluded.last4, \
         expires_year = excluded.expires_year, expires_month = excluded.expires_month",
    )
    .bind(id)
    .bind(account)
    .bind(provider)
    .bind(&method.token)
    .bind(&method.brand)
    .bind(&method.last4)
    .bind(method.expires.map(|(year, _)| year))
    .bind(method.expires.map(|(_, month)| i16::from(month)))
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// What the account is charged through.
pub(crate) async fn find_default(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Option<Saved>, sqlx::Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} where account_id = $1 and is_default")))
        .bind(account)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(saved).transpose()
}

/// All of the account's, the one that is charged first.
pub(crate) async fn list(executor: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<Saved>, sqlx::Error> {
    let statement = format!("{COLUMNS} where account_id = $1 order by is_default desc, created_at, id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(account).fetch_all(executor).await?;
    rows.iter().map(saved).collect()
}

/// Makes a method the one that is charged; `false` when the account has none such.
pub(crate) async fn set_default(
    connection: &mut PgConnection,
    account: AccountId,
    id: MethodId,
) -> Result<bool, sqlx::Error> {
    let known: bool = sqlx::query_scalar("select exists (select from methods where account_id = $1 and id = $2)")
        .bind(account)
        .bind(id)
        .fetch_one(&mut *connection)
        .await?;
    if known {
        for statement in [
            "update methods set is_default = false where account_id = $1 and id <> $2 and is_default",
            "update methods set is_default = true where account_id = $1 and id = $2",
        ] {
            sqlx::query(statement).bind(account).bind(id).execute(&mut *connection).await?;
        }
    }
    Ok(known)
}

/// Forgets a method. If it was the one that is charged, the oldest of the others takes its place.
pub(crate) async fn delete(connection: &mut PgConnection, account: AccountId, id: MethodId) -> Result<(), sqlx::Error> {
    for statement in [
        "delete from methods where account_id = $1 and id = $2",
        "update methods set is_default = true where id = (select id from methods where account_id = $1 and id <> $2 \
         order by created_at, id limit 1) and not exists (select from methods where account_id = $1 and is_default)",
    ] {
        sqlx::query(statement).bind(account).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}
