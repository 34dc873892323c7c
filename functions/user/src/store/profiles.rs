//! Changing accounts and profiles.

use cinema_http::{Problem, Viewer};
use kernel::{AccountId, Locale, ProfileId};
use sqlx::{FromRow, PgConnection, Row};

use super::{account_not_ready, no_profile, parse};
use crate::{
    account::{self, Account},
    profile::Profile,
};

const ACCOUNT: &str = "id, email, name, coalesce(chosen_locale, locale) as locale, territory, marketing_consent, default_profile_id, \
                       created_at";
const PROFILE: &str = "id, name, avatar, locale, max_rating::bigint, has_pin, is_default, autoplay";

/// Holds the account until the transaction ends.
///
/// # Errors
/// 404 while its event has not arrived.
pub async fn account_for_update(transaction: &mut PgConnection, id: AccountId) -> Result<Account, Problem> {
    let statement = sqlx::AssertSqlSafe(format!("select {ACCOUNT} from accounts where id = $1 for update"));
    let held = sqlx::query_as(statement).bind(id.to_string()).fetch_optional(transaction).await?;
    held.ok_or_else(account_not_ready)
}

/// Changes the account; what the changes are silent about stays.
pub async fn change_account(
    transaction: &mut PgConnection,
    id: AccountId,
    changes: &account::Changes,
) -> Result<Account, sqlx::Error> {
    let account::Changes { name, locale, territory, marketing_consent } = changes;
    let statement = format!(
        "update accounts set name = case when $2 then name else $3 end, \
         chosen_locale = case when $4 then chosen_locale else $5 end, \
         territory = case when $6 then territory else $7 end, \
         marketing_consent = case when $8 then marketing_consent else coalesce($9, false) end where id = $1 returning {ACCOUNT}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(id.to_string())
        .bind(name.is_absent())
        .bind(name.value().map(ToString::to_string))
        .bind(locale.is_absent())
        .bind(locale.value().map(Locale::as_str))
        .bind(territory.is_absent())
        .bind(territory.value().map(ToString::to_string))
        .bind(marketing_consent.is_absent())
        .bind(marketing_consent.value())
        .fetch_one(transaction)
        .await
}

/// Holds a profile of the account until the transaction ends, with the account's language.
///
/// # Errors
/// 404 when the account has no such profile, or not any more.
pub async fn profile_for_update(
    transaction: &mut PgConnection,
    account: AccountId,
    id: ProfileId,
) -> Result<(Profile, Locale), Problem> {
    let row = sqlx::query(
        "select p.id, p.name, p.avatar, p.locale, p.max_rating::bigint, p.has_pin, p.is_default, p.autoplay, \
         coalesce(a.chosen_locale, a.locale) as account_locale from profiles p join accounts a on a.id = p.account_id \
         where p.id = $1 and p.account_id = $2 and not p.deleted for update of p",
    )
    .bind(id.to_string())
    .bind(account.to_string())
    .fetch_optional(transaction)
    .await?;
    let row = row.ok_or_else(no_profile)?;
    Ok((Profile::from_row(&row)?, parse(&row, "account_locale")?))
}

/// Keeps the viewer's profile alive until the transaction ends.
///
/// # Errors
/// 404 when it is not the account's, or not any more.
pub async fn hold_profile(transaction: &mut PgConnection, viewer: &Viewer) -> Result<(), Problem> {
    let held = sqlx::query("select 1 from profiles where id = $1 and account_id = $2 and not deleted for share")
        .bind(viewer.profile.to_string())
        .bind(viewer.account.to_string())
        .fetch_optional(transaction)
        .await?;
    held.map(drop).ok_or_else(no_profile)
}

/// Writes a held profile; its new version.
pub async fn put_profile(transaction: &mut PgConnection, profile: &Profile) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "update profiles set name = $2, avatar = $3, locale = $4, max_rating = $5, has_pin = $6, autoplay = $7, \
         version = version + 1 where id = $1 returning version",
    )
    .bind(profile.id.to_string())
    .bind(&profile.name)
    .bind(&profile.avatar)
    .bind(profile.locale.as_str())
    .bind(i16::from(profile.max_rating))
    .bind(profile.has_pin)
    .bind(profile.autoplay)
    .fetch_one(transaction)
    .await
}

/// Marks a held profile as deleted; its last version.
pub async fn delete_profile(transaction: &mut PgConnection, id: ProfileId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "update profiles set deleted = true, is_default = false, has_pin = false, version = version + 1 where id = $1 \
         returning version",
    )
    .bind(id.to_string())
    .fetch_one(transaction)
    .await
}

/// Makes the oldest profile that is left the default one, with its new version.
pub async fn elect_default(transaction: &mut PgConnection, account: AccountId) -> Result<(Profile, i64), sqlx::Error> {
    let statement = format!(
        "with heir as (update profiles set is_default = true, version = version + 1 where id = (select id from profiles \
         where account_id = $1 and not deleted order by created_at, id limit 1) returning {PROFILE}, version), \
         told as (update accounts set default_profile_id = heir.id from heir where accounts.id = $1) \
         select * from heir"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(account.to_string()).fetch_one(transaction).await?;
    Ok((Profile::from_row(&row)?, row.try_get("version")?))
}
