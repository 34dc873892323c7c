//! What the lists of a profile have in common: they show, and take in, only what the profile may see now.

use kernel::{AccountId, ProfileId, TitleId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgExecutor, PgPool, postgres::PgRow};
use time::OffsetDateTime;

use super::titles::visible;
use crate::viewpoint::Viewpoint;

/// Where a page ends: the moment of its last item, in microseconds since 1970, and its title.
pub(crate) type Place = (i64, TitleId);

/// Why a list cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error("the account has no such profile")]
    NoProfile,
    #[error("the profile may see no such title")]
    NoTitle,
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

/// A moment as Postgres keeps it.
pub(crate) fn micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

/// The rows of a statement over `$1`–`$3` of [`visible`], the languages `$4`, the profile `$5`, the place after which the page begins (`$6`,
/// `$7`), and the limit `$8`.
pub(super) async fn rows<R>(
    pool: &PgPool,
    statement: String,
    viewpoint: &Viewpoint,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<R>, sqlx::Error>
where
    R: for<'row> FromRow<'row, PgRow> + Send + Unpin,
{
    let (moment, title) = after.unzip();
    let moment = moment.and_then(|micros| OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok());
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(viewpoint.audience.max_rating))
        .bind(&viewpoint.audience.territory)
        .bind(viewpoint.now)
        .bind(viewpoint.languages.tags())
        .bind(viewpoint.profile)
        .bind(moment)
        .bind(title)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// Runs `insert … where {CONDITION}` for a title: `$3` is the moment, `$4` the profile, `$6` the title, `$7` the value. `false`: it has changed
/// nothing.
pub(super) async fn insert(
    executor: impl PgExecutor<'_>,
    insert: &str,
    viewpoint: &Viewpoint,
    title: TitleId,
    value: Option<i16>,
) -> Result<bool, ListError> {
    // One statement, so that neither profile nor title can go away in between.
    let statement = format!(
        "with live as (select id from profiles where id = $4 and account_id = $5 and not deleted for share), \
         seen as (select t.id from titles t where t.id = $6 and {}), inserted as ({insert} returning 1) \
         select exists (select from live), exists (select from seen), exists (select from inserted), $7::smallint",
        visible("t"),
    );
    let (is_live, is_seen, has_changed, _): (bool, bool, bool, Option<i16>) = sqlx::query_as(AssertSqlSafe(statement))
        .bind(i16::from(viewpoint.audience.max_rating))
        .bind(&viewpoint.audience.territory)
        .bind(viewpoint.now)
        .bind(viewpoint.profile)
        .bind(viewpoint.account)
        .bind(title)
        .bind(value)
        .fetch_one(executor)
        .await?;
    match (is_live, is_seen) {
        (true, true) => Ok(has_changed),
        (false, _) => Err(ListError::NoProfile),
        (true, false) => Err(ListError::NoTitle),
    }
}

/// What [`insert`] depends on.
pub(super) const CONDITION: &str = "exists (select from live) and exists (select from seen)";

/// Takes a title out of a list, whether it can still be seen or not. `false`: it was not there.
pub(super) async fn remove(
    executor: impl PgExecutor<'_>,
    table: &str,
    (account, profile): (AccountId, ProfileId),
    title: TitleId,
) -> Result<bool, ListError> {
    const LIVE: &str = "select from profiles where id = $1 and account_id = $2 and not deleted";
    let statement = format!(
        "with gone as (delete from {table} where profile_id = $1 and title_id = $3 and exists ({LIVE}) returning 1) \
         select exists ({LIVE}), exists (select from gone)"
    );
    let (is_live, is_gone): (bool, bool) =
        sqlx::query_as(AssertSqlSafe(statement)).bind(profile).bind(account).bind(title).fetch_one(executor).await?;
    if is_live { Ok(is_gone) } else { Err(ListError::NoProfile) }
}

/// Keeps everybody else from the profile's lists until the transaction ends, so that changes are counted in the order in which they are made.
pub(super) async fn lock(
    connection: &mut PgConnection,
    (account, profile): (AccountId, ProfileId),
) -> Result<(), ListError> {
    let held = sqlx::query("select from profiles where id = $1 and account_id = $2 and not deleted for update")
        .bind(profile)
        .bind(account)
        .fetch_optional(connection)
        .await?;
    held.map(drop).ok_or(ListError::NoProfile)
}
