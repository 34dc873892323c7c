//! Accounts: the address is auth's, the rest is the person's.

use kernel::{AccountId, Locale, ProfileId, Territory};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::account::{Account, Details};

const COLUMNS: &str = "id, email, name, coalesce(chosen_locale, locale), territory, default_profile_id, created_at";

impl FromRow<'_, PgRow> for Account {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            email: row.try_get(1)?,
            name: row.try_get(2)?,
            locale: row.try_get(3)?,
            territory: row.try_get::<Option<Territory>, _>(4)?,
            default_profile_id: row.try_get::<ProfileId, _>(5)?,
            created_at: row.try_get::<OffsetDateTime, _>(6)?,
        })
    }
}

/// The account; `None` until its event has arrived.
pub(crate) async fn find(pool: &PgPool, id: AccountId) -> Result<Option<Account>, sqlx::Error> {
    let statement = AssertSqlSafe(format!("select {COLUMNS} from accounts where id = $1"));
    sqlx::query_as(statement).bind(id).fetch_optional(pool).await
}

/// Holds the account until the transaction ends; with the language that the person chose, if they did.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: AccountId,
) -> Result<Option<(Account, Option<Locale>)>, sqlx::Error> {
    let statement = AssertSqlSafe(format!("select {COLUMNS}, chosen_locale from accounts where id = $1 for update"));
    let row = sqlx::query(statement).bind(id).fetch_optional(connection).await?;
    row.map(|row| Ok((Account::from_row(&row)?, row.try_get(7)?))).transpose()
}

/// Holds the account until the transaction ends: its language and how many profiles it has. Others who want to add one wait.
pub(crate) async fn lock_profiles(
    connection: &mut PgConnection,
    id: AccountId,
) -> Result<Option<(Locale, usize)>, sqlx::Error> {
    let locked: Option<Locale> =
        sqlx::query_scalar("select coalesce(chosen_locale, locale) from accounts where id = $1 for update")
            .bind(id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(locale) = locked else { return Ok(None) };
    // A statement of its own: it sees what those before us committed.
    let count: i64 = sqlx::query_scalar("select count(*) from profiles where account_id = $1 and not deleted")
        .bind(id)
        .fetch_one(connection)
        .await?;
    Ok(Some((locale, usize::try_from(count).unwrap_or(usize::MAX))))
}

/// Writes what the person told of themselves.
pub(crate) async fn put_details(
    connection: &mut PgConnection,
    id: AccountId,
    details: &Details,
) -> Result<Account, sqlx::Error> {
    let statement =
        format!("update accounts set name = $2, chosen_locale = $3, territory = $4 where id = $1 returning {COLUMNS}");
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(id)
        .bind(&details.name)
        .bind(&details.locale)
        .bind(&details.territory)
        .fetch_one(connection)
        .await
}

/// Keeps the newest address and the moment of the first verification. The default profile is ours once the account is here.
pub(crate) async fn put(connection: &mut PgConnection, account: &events::Account) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into accounts (id, email, locale, default_profile_id, created_at, sequence) values ($1, $2, $3, $4, $5, $6) \
         on conflict (id) do update set created_at = least(accounts.created_at, excluded.created_at), \
         email = case when accounts.sequence < excluded.sequence then excluded.email else accounts.email end, \
         locale = case when accounts.sequence < excluded.sequence then excluded.locale else accounts.locale end, \
         sequence = greatest(accounts.sequence, excluded.sequence)",
    )
    .bind(account.id)
    .bind(&account.email)
    .bind(&account.locale)
    .bind(account.default_profile)
    .bind(account.verified_at)
    .bind(account.sequence)
    .execute(connection)
    .await
    .map(drop)
}
