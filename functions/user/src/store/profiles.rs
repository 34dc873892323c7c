//! Viewer profiles. A deleted one keeps its row: its id must not come back.

use kernel::{AccountId, Locale, ProfileId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::profile::Profile;

const COLUMNS: &str = "p.id, p.name, p.avatar, p.locale, p.max_rating, p.has_pin, p.is_default, p.autoplay";

impl FromRow<'_, PgRow> for Profile {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let max_rating: i16 = row.try_get(4)?;
        Ok(Self {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            avatar: row.try_get(2)?,
            locale: row.try_get(3)?,
            max_rating: u8::try_from(max_rating).map_err(|error| sqlx::Error::Decode(error.into()))?,
            has_pin: row.try_get(5)?,
            is_default: row.try_get(6)?,
            autoplay: row.try_get(7)?,
        })
    }
}

/// The profiles of an account, the first made first; none while there is no account.
pub(crate) async fn list(pool: &PgPool, account: AccountId) -> Result<Vec<Profile>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from profiles p where p.account_id = $1 and not p.deleted order by p.created_at, p.id"
    );
    sqlx::query_as(AssertSqlSafe(statement)).bind(account).fetch_all(pool).await
}

/// Holds a living profile of the account until the transaction ends; with the account's language.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    account: AccountId,
    id: ProfileId,
) -> Result<Option<(Profile, Locale)>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS}, coalesce(a.chosen_locale, a.locale) from profiles p join accounts a on a.id = p.account_id \
         where p.id = $1 and p.account_id = $2 and not p.deleted for update of p"
    );
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).bind(account).fetch_optional(connection).await?;
    row.map(|row| Ok((Profile::from_row(&row)?, row.try_get(8)?))).transpose()
}

/// Adds a profile in version 1; `false` when there is one under its id already.
pub(crate) async fn add(
    connection: &mut PgConnection,
    account: AccountId,
    profile: &Profile,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(
        "insert into profiles (id, account_id, name, avatar, locale, max_rating, is_default, has_pin, autoplay, version, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10) on conflict do nothing",
    )
    .bind(profile.id)
    .bind(account)
    .bind(&profile.name)
    .bind(&profile.avatar)
    .bind(&profile.locale)
    .bind(i16::from(profile.max_rating))
    .bind(profile.is_default)
    .bind(profile.has_pin)
    .bind(profile.autoplay)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Writes a locked profile. Returns its new version.
pub(crate) async fn put(connection: &mut PgConnection, profile: &Profile) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "update profiles set name = $2, avatar = $3, locale = $4, max_rating = $5, has_pin = $6, autoplay = $7, \
         version = version + 1 where id = $1 returning version",
    )
    .bind(profile.id)
    .bind(&profile.name)
    .bind(&profile.avatar)
    .bind(&profile.locale)
    .bind(i16::from(profile.max_rating))
    .bind(profile.has_pin)
    .bind(profile.autoplay)
    .fetch_one(connection)
    .await
}

/// Marks a locked profile as deleted. Returns its last version.
pub(crate) async fn delete(connection: &mut PgConnection, id: ProfileId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "update profiles set deleted = true, is_default = false, has_pin = false, version = version + 1 where id = $1 \
         returning version",
    )
    .bind(id)
    .fetch_one(connection)
    .await
}

/// Deletes a profile's history, lists and imports. Needs [`super::viewings::lock_history`].
pub(crate) async fn delete_records(connection: &mut PgConnection, id: ProfileId) -> Result<(), sqlx::Error> {
    for statement in [
        "delete from viewings where profile_id = $1",
        "delete from progress where profile_id = $1",
        "delete from history_erasures where profile_id = $1",
        "delete from continue_watching_hidden where profile_id = $1",
        "delete from watchlist where profile_id = $1",
        "delete from ratings where profile_id = $1",
        "delete from imported_viewings where profile_id = $1",
        "delete from imports where profile_id = $1",
    ] {
        sqlx::query(statement).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Makes the oldest profile that is left the default one. Returns it with its new version.
pub(crate) async fn elect_default(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<(Profile, i64), sqlx::Error> {
    let statement = format!(
        "with oldest as (update profiles p set is_default = true, version = version + 1 where id = (select id from profiles \
         where account_id = $1 and not deleted order by created_at, id limit 1) returning {COLUMNS}, version), \
         told as (update accounts set default_profile_id = oldest.id from oldest where accounts.id = $1) \
         select * from oldest"
    );
    let row = sqlx::query(AssertSqlSafe(statement)).bind(account).fetch_one(connection).await?;
    Ok((Profile::from_row(&row)?, row.try_get(8)?))
}
