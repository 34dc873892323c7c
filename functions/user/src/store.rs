//! The schema `user` in Postgres.

use cinema_http::{HeaderValue, Problem, StatusCode, header};
use events::Outbox;
use kernel::{AccountId, Locale};
use runtime::{Boot, BootError};
use sqlx::{FromRow, PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

pub mod erasures;
mod exports;
mod lists;
mod profiles;
mod reader;
mod titles;
mod viewings;

pub use exports::{add_export, export, holdings, last_export};
pub use lists::{Mark, mark, unlist, unrate};
pub use profiles::{
    account_for_update, change_account, delete_profile, elect_default, hold_profile, profile_for_update, put_profile,
};
pub use reader::{Continued, Entry, Listed, Reader, Watched};
pub use titles::put_title;
pub use viewings::{erase_history, forget_profile, hold_history, put_viewing};

use crate::{
    account::{Account, Verified},
    entitlement::{Subscription, Terms},
    profile::Profile,
};

/// The outbox of functions whose news everybody may hear.
pub fn public_outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(Outbox::new(boot.postgres()?).stream("domain-events", boot.stream("domain-events")?))
}

/// The same with the queue on which auth hears about PINs.
pub fn outbox(boot: &Boot) -> Result<Outbox, BootError> {
    Ok(public_outbox(boot)?.queue(AUTH_QUEUE, boot.queue(AUTH_QUEUE)?))
}

/// The queue of auth's projection of profiles: digests never touch a stream.
pub const AUTH_QUEUE: &str = "auth-project-profiles";

/// 404: auth knows the account already, its event has not arrived yet.
pub fn account_not_ready() -> Problem {
    let detail = "There is no such account yet. If it is new, it is being set up: try again in a second.";
    Problem::new(StatusCode::NOT_FOUND, "account_not_ready", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// 404: the account has no such profile, or not any more.
pub fn no_profile() -> Problem {
    Problem::not_found("profile")
}

fn parse<T: std::str::FromStr>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| sqlx::Error::ColumnDecode { index: column.to_owned(), source: error.into() })
}

fn number<T: TryFrom<i64>>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let number: i64 = row.try_get(column)?;
    T::try_from(number).map_err(|error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: error.into() })
}

impl FromRow<'_, PgRow> for Account {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let territory: Option<&str> = row.try_get("territory")?;
        Ok(Self {
            id: parse(row, "id")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            locale: parse(row, "locale")?,
            territory: territory.and_then(|text| text.parse().ok()),
            marketing_consent: row.try_get("marketing_consent")?,
            default_profile_id: parse(row, "default_profile_id")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for Profile {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: parse(row, "id")?,
            name: row.try_get("name")?,
            avatar: row.try_get("avatar")?,
            locale: parse(row, "locale")?,
            max_rating: number(row, "max_rating")?,
            has_pin: row.try_get("has_pin")?,
            is_default: row.try_get("is_default")?,
            autoplay: row.try_get("autoplay")?,
        })
    }
}

impl FromRow<'_, PgRow> for Terms {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            plan: row.try_get("plan")?,
            max_streams: number(row, "max_streams")?,
            max_height: number(row, "max_height")?,
            valid_to: row.try_get("valid_to")?,
            grace_to: row.try_get("grace_to")?,
        })
    }
}

impl FromRow<'_, PgRow> for Subscription {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: parse(row, "id")?,
            account: parse(row, "account_id")?,
            status: row.try_get("status")?,
            terms: Terms::from_row(row)?,
        })
    }
}

/// The account, if its event has arrived.
pub async fn account(pool: &PgPool, id: AccountId) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as(
        "select id, email, name, coalesce(chosen_locale, locale) as locale, territory, marketing_consent, default_profile_id, created_at \
         from accounts where id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(pool)
    .await
}

/// The profiles of an account, the first made first; none while there is no account.
pub async fn profiles(pool: &PgPool, account: AccountId) -> Result<Vec<Profile>, sqlx::Error> {
    sqlx::query_as(
        "select id, name, avatar, locale, max_rating::bigint, has_pin, is_default, autoplay from profiles \
         where account_id = $1 and not deleted order by created_at, id",
    )
    .bind(account.to_string())
    .fetch_all(pool)
    .await
}

/// Holds the account until the transaction ends: its language and how many profiles it has. Others who want to add one wait.
pub async fn hold_account(
    transaction: &mut PgConnection,
    account: AccountId,
) -> Result<Option<(Locale, usize)>, sqlx::Error> {
    let held: Option<String> =
        sqlx::query_scalar("select coalesce(chosen_locale, locale) from accounts where id = $1 for update")
            .bind(account.to_string())
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(locale) = held else { return Ok(None) };
    // A statement of its own, so that it sees what those before us committed.
    let count: i64 = sqlx::query_scalar("select count(*) from profiles where account_id = $1 and not deleted")
        .bind(account.to_string())
        .fetch_one(transaction)
        .await?;
    let locale = locale.parse().unwrap_or_else(|_| Locale::english());
    Ok(Some((locale, usize::try_from(count).unwrap_or(usize::MAX))))
}

/// Adds a profile in version 1; `false` when there is one under its id already.
pub async fn add_profile(
    transaction: &mut PgConnection,
    account: AccountId,
    profile: &Profile,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(
        "insert into profiles (id, account_id, name, avatar, locale, max_rating, is_default, has_pin, autoplay, version, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10) on conflict do nothing",
    )
    .bind(profile.id.to_string())
    .bind(account.to_string())
    .bind(&profile.name)
    .bind(&profile.avatar)
    .bind(profile.locale.as_str())
    .bind(i16::from(profile.max_rating))
    .bind(profile.is_default)
    .bind(profile.has_pin)
    .bind(profile.autoplay)
    .bind(now)
    .execute(transaction)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Keeps the newest address of an account and the moment of its first verification. The default profile is ours from then on.
pub async fn put_account(transaction: &mut PgConnection, account: &Verified, sequence: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into accounts (id, email, locale, default_profile_id, created_at, sequence) values ($1, $2, $3, $4, $5, $6) \
         on conflict (id) do update set created_at = least(accounts.created_at, excluded.created_at), \
         email = case when accounts.sequence < excluded.sequence then excluded.email else accounts.email end, \
         locale = case when accounts.sequence < excluded.sequence then excluded.locale else accounts.locale end, \
         sequence = greatest(accounts.sequence, excluded.sequence)",
    )
    .bind(account.id.to_string())
    .bind(&account.email)
    .bind(account.locale.as_str())
    .bind(account.default_profile.to_string())
    .bind(account.verified_at)
    .bind(sequence)
    .execute(transaction)
    .await
    .map(drop)
}

/// Keeps the newest state of a subscription; `false` when an equally new or newer one is known.
pub async fn put_subscription(
    transaction: &mut PgConnection,
    subscription: &Subscription,
    sequence: i64,
) -> Result<bool, sqlx::Error> {
    let terms = &subscription.terms;
    let put = sqlx::query(
        "insert into subscriptions (id, account_id, status, plan, max_streams, max_height, valid_to, grace_to, sequence) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do update set status = excluded.status, plan = excluded.plan, \
         max_streams = excluded.max_streams, max_height = excluded.max_height, valid_to = excluded.valid_to, \
         grace_to = excluded.grace_to, sequence = excluded.sequence where subscriptions.sequence < excluded.sequence",
    )
    .bind(subscription.id.to_string())
    .bind(subscription.account.to_string())
    .bind(&subscription.status)
    .bind(&terms.plan)
    .bind(i32::try_from(terms.max_streams).unwrap_or(i32::MAX))
    .bind(i32::try_from(terms.max_height).unwrap_or(i32::MAX))
    .bind(terms.valid_to)
    .bind(terms.grace_to)
    .bind(sequence)
    .execute(transaction)
    .await?;
    Ok(put.rows_affected() == 1)
}

/// Every subscription of an account.
pub async fn subscriptions(
    transaction: &mut PgConnection,
    account: AccountId,
) -> Result<Vec<Subscription>, sqlx::Error> {
    sqlx::query_as(
        "select id, account_id, status, plan, max_streams::bigint, max_height::bigint, valid_to, grace_to from subscriptions \
         where account_id = $1",
    )
    .bind(account.to_string())
    .fetch_all(transaction)
    .await
}

/// Makes sure that the account has entitlements and holds them until the transaction ends.
pub async fn hold_entitlements(transaction: &mut PgConnection, account: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into entitlements (account_id, plan, max_streams, max_height, version) values ($1, '', 0, 0, 0) \
         on conflict do nothing",
    )
    .bind(account.to_string())
    .execute(&mut *transaction)
    .await?;
    let held = sqlx::query("select 1 from entitlements where account_id = $1 for update").bind(account.to_string());
    held.execute(transaction).await.map(drop)
}

/// Changes what an account may do; its new version, or `None` when nothing differs.
pub async fn put_entitlements(
    transaction: &mut PgConnection,
    account: AccountId,
    terms: &Terms,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "update entitlements set plan = $2, max_streams = $3, max_height = $4, valid_to = $5, grace_to = $6, version = version + 1 \
         where account_id = $1 and (plan, max_streams, max_height, valid_to, grace_to) is distinct from ($2, $3, $4, $5, $6) \
         returning version",
    )
    .bind(account.to_string())
    .bind(&terms.plan)
    .bind(i32::try_from(terms.max_streams).unwrap_or(i32::MAX))
    .bind(i32::try_from(terms.max_height).unwrap_or(i32::MAX))
    .bind(terms.valid_to)
    .bind(terms.grace_to)
    .fetch_optional(transaction)
    .await
}

/// What an account may do, as far as anything was ever heard.
pub async fn entitlements(pool: &PgPool, account: AccountId) -> Result<Option<Terms>, sqlx::Error> {
    sqlx::query_as(
        "select plan, max_streams::bigint, max_height::bigint, valid_to, grace_to from entitlements \
         where account_id = $1 and valid_to is not null and grace_to is not null",
    )
    .bind(account.to_string())
    .fetch_optional(pool)
    .await
}
