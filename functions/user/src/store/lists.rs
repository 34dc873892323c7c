//! Watchlist and ratings: a set of titles per profile.

use cinema_http::{Problem, Viewer};
use kernel::TitleId;
use sqlx::{AssertSqlSafe, PgPool};
use time::OffsetDateTime;

use super::{
    no_profile,
    titles::{audience, visible},
};
use crate::rating::Stars;

/// What is said about a title; saying it again changes nothing.
#[derive(Debug, Clone, Copy)]
pub enum Mark {
    /// It is on the watchlist.
    Listed,
    /// It is rated.
    Rated(Stars),
}

impl Mark {
    fn insert(self) -> &'static str {
        match self {
            Self::Listed => {
                "insert into watchlist (profile_id, title_id, added_at) select $4, $6, $3 where exists (select from live) \
                 and exists (select from seen) on conflict do nothing"
            }
            Self::Rated(_) => {
                "insert into ratings (profile_id, title_id, rated_at, value) select $4, $6, $3, $7 where exists (select from live) \
                 and exists (select from seen) on conflict (profile_id, title_id) do update set value = excluded.value, \
                 rated_at = excluded.rated_at where ratings.value <> excluded.value"
            }
        }
    }

    fn value(self) -> Option<i16> {
        match self {
            Self::Listed => None,
            Self::Rated(stars) => Some(stars.into()),
        }
    }
}

/// Marks a title for the viewer's profile.
///
/// # Errors
/// 404 when the profile is not alive or may not see the title.
pub async fn mark(
    pool: &PgPool,
    viewer: &Viewer,
    title: TitleId,
    mark: Mark,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    // One statement, so that neither profile nor title can go away in between.
    let statement = format!(
        "with live as (select id from profiles where id = $4 and account_id = $5 and not deleted for share), \
         seen as (select t.id from titles t where t.id = $6 and {}), marked as ({}) \
         select exists (select from live), exists (select from seen), $7::smallint",
        visible("t"),
        mark.insert()
    );
    let (max_rating, territory) = audience(viewer);
    let (is_live, is_seen, _): (bool, bool, Option<i16>) = sqlx::query_as(AssertSqlSafe(statement))
        .bind(max_rating)
        .bind(territory)
        .bind(now)
        .bind(viewer.profile.to_string())
        .bind(viewer.account.to_string())
        .bind(title.to_string())
        .bind(mark.value())
        .fetch_one(pool)
        .await?;
    match (is_live, is_seen) {
        (true, true) => Ok(()),
        (false, _) => Err(no_profile()),
        (true, false) => Err(Problem::not_found("title")),
    }
}

/// Takes a title off the viewer's watchlist.
///
/// # Errors
/// 404 when the profile is not alive.
pub async fn unlist(pool: &PgPool, viewer: &Viewer, title: TitleId) -> Result<(), Problem> {
    take("delete from watchlist where profile_id = $1 and title_id = $3", pool, viewer, title).await
}

/// Takes the viewer's rating of a title back.
///
/// # Errors
/// 404 when the profile is not alive.
pub async fn unrate(pool: &PgPool, viewer: &Viewer, title: TitleId) -> Result<(), Problem> {
    take("delete from ratings where profile_id = $1 and title_id = $3", pool, viewer, title).await
}

/// Whether the title can still be seen does not matter.
async fn take(delete: &str, pool: &PgPool, viewer: &Viewer, title: TitleId) -> Result<(), Problem> {
    const LIVE: &str = "select from profiles where id = $1 and account_id = $2 and not deleted";
    let statement = format!("with gone as ({delete} and exists ({LIVE})) select exists ({LIVE})");
    let is_live: bool = sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(viewer.profile.to_string())
        .bind(viewer.account.to_string())
        .bind(title.to_string())
        .fetch_one(pool)
        .await?;
    if is_live { Ok(()) } else { Err(no_profile()) }
}
