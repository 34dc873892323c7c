//! Where accounts are reached, and in which language.

use events::{Account, Profile};
use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor};

use crate::job::Reader;

/// Keeps the newest address.
pub(crate) async fn put(connection: &mut PgConnection, account: &Account) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into accounts (id, email, locale, sequence) values ($1, $2, $3, $4) on conflict (id) do update \
         set email = excluded.email, locale = excluded.locale, sequence = excluded.sequence \
         where accounts.sequence < excluded.sequence",
    )
    .bind(account.id)
    .bind(&account.email)
    .bind(&account.locale)
    .bind(account.sequence)
    .execute(connection)
    .await
    .map(drop)
}

/// Keeps the newest language of a profile. Its account may be heard of later.
pub(crate) async fn put_profile(connection: &mut PgConnection, profile: &Profile) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into profiles (id, account_id, locale, is_default, sequence, deleted) values ($1, $2, $3, $4, $5, $6) \
         on conflict (id) do update set locale = excluded.locale, is_default = excluded.is_default, \
         sequence = excluded.sequence, deleted = excluded.deleted where profiles.sequence < excluded.sequence",
    )
    .bind(profile.id)
    .bind(profile.account)
    .bind(&profile.locale)
    .bind(profile.is_default && !profile.is_deleted)
    .bind(profile.sequence)
    .bind(profile.is_deleted)
    .execute(connection)
    .await
    .map(drop)
}

/// Who reads what an account is told; `None` until its event has arrived. The language is the default profile's, or else the registration's.
pub(crate) async fn reader(executor: impl PgExecutor<'_>, account: AccountId) -> Result<Option<Reader>, sqlx::Error> {
    let row: Option<(String, kernel::Locale)> = sqlx::query_as(
        "select email, coalesce((select p.locale from profiles p where p.account_id = a.id and p.is_default \
         order by p.sequence desc limit 1), a.locale) from accounts a where a.id = $1",
    )
    .bind(account)
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|(address, locale)| Reader { address, locale }))
}
